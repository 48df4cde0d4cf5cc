// What the stations of the load generator say: OCPP 1.6 requests, no two of a station the same by meaning.
// A station's clock runs fast: ten seconds a message, from twenty days ago on, 30 Wh each (10.8 kW), so that its
// transactions are plausible and a central system that looks for repetitions or doubts finds none.
#include <stdio.h>
#include <stdint.h>
#include <string.h>
#include <time.h>

enum { SAID_OTHER, SAID_BOOT, SAID_START, SAID_STOP };

typedef struct {
  const char *mode;     // heartbeat, status, meter, tx, mix
  const char *tag;      // the id tag of all stations; NULL: TAG00000, TAG00001, ...
  time_t first_second;  // when the stations' clocks began
} Script;

typedef struct {
  int number;           // of the station
  uint32_t turn;        // of its messages
  int transaction;      // the id that the central system gave; 0 when none is open
  int said;             // what the last message was
} Speaker;

#define SECONDS_A_TURN 10
#define WH_A_TURN 30
#define SAMPLE(value, measurand, more) \
  "{\"value\":\"" value "\",\"context\":\"Sample.Periodic\",\"format\":\"Raw\",\"measurand\":\"" measurand "\"," more "}"

static const char *const SAMPLES_AFTER_ENERGY =
  SAMPLE("16.02", "Current.Import", "\"phase\":\"L1\",\"unit\":\"A\"") ","
  SAMPLE("15.98", "Current.Import", "\"phase\":\"L2\",\"unit\":\"A\"") ","
  SAMPLE("16.00", "Current.Import", "\"phase\":\"L3\",\"unit\":\"A\"") ","
  SAMPLE("230.1", "Voltage", "\"phase\":\"L1\",\"unit\":\"V\"") ","
  SAMPLE("229.8", "Voltage", "\"phase\":\"L2\",\"unit\":\"V\"") ","
  SAMPLE("11040", "Power.Active.Import", "\"unit\":\"W\"") ","
  SAMPLE("57", "SoC", "\"unit\":\"Percent\"");

static const char *moment(const Script *script, uint32_t turn) {
  static char text[32];
  time_t at = script->first_second + (time_t)turn * SECONDS_A_TURN;
  struct tm parts;
  gmtime_r(&at, &parts);
  strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts);
  return text;
}

static unsigned meter_wh(uint32_t turn) { return 1000 + turn * WH_A_TURN; }

static const char *id_tag(const Script *script, const Speaker *speaker) {
  static char text[24];
  if (script->tag) return script->tag;
  snprintf(text, sizeof text, "TAG%05d", speaker->number % 100000);
  return text;
}

static int say_boot(const Speaker *s, char *out) {
  return sprintf(out,
    "[2,\"%08x\",\"BootNotification\",{\"chargePointVendor\":\"VendorX\",\"chargePointModel\":\"Model1\","
    "\"chargePointSerialNumber\":\"SN%06d\",\"firmwareVersion\":\"1.0.0\"}]", s->turn, s->number);
}

static int say_status(const Script *script, const Speaker *s, char *out) {
  return sprintf(out,
    "[2,\"%08x\",\"StatusNotification\",{\"connectorId\":1,\"errorCode\":\"NoError\",\"status\":\"%s\","
    "\"timestamp\":\"%s\"}]", s->turn, s->turn & 1 ? "Charging" : "SuspendedEV", moment(script, s->turn));
}

static int say_meter(const Script *script, const Speaker *s, char *out) {
  char transaction[32] = "";
  if (s->transaction > 0) sprintf(transaction, "\"transactionId\":%d,", s->transaction);
  return sprintf(out,
    "[2,\"%08x\",\"MeterValues\",{\"connectorId\":1,%s\"meterValue\":[{\"timestamp\":\"%s\",\"sampledValue\":["
    "{\"value\":\"%u\",\"context\":\"Sample.Periodic\",\"format\":\"Raw\","
    "\"measurand\":\"Energy.Active.Import.Register\",\"unit\":\"Wh\"},%s]}]}]",
    s->turn, transaction, moment(script, s->turn), meter_wh(s->turn), SAMPLES_AFTER_ENERGY);
}

static int say_start(const Script *script, Speaker *s, char *out) {
  s->said = SAID_START;
  return sprintf(out,
    "[2,\"%08x\",\"StartTransaction\",{\"connectorId\":1,\"idTag\":\"%s\",\"meterStart\":%u,\"timestamp\":\"%s\"}]",
    s->turn, id_tag(script, s), meter_wh(s->turn), moment(script, s->turn));
}

static int say_stop(const Script *script, Speaker *s, char *out) {
  s->said = SAID_STOP;
  return sprintf(out,
    "[2,\"%08x\",\"StopTransaction\",{\"transactionId\":%d,\"idTag\":\"%s\",\"meterStop\":%u,\"timestamp\":\"%s\","
    "\"reason\":\"Local\"}]",
    s->turn, s->transaction, id_tag(script, s), meter_wh(s->turn), moment(script, s->turn));
}

// The mix: 40 % Heartbeat, 20 % StatusNotification, 30 % MeterValues, 10 % StartTransaction and StopTransaction.
static const char *kind_of_turn(const Script *script, const Speaker *s) {
  if (strcmp(script->mode, "mix")) return script->mode;
  int place = (s->turn + (uint32_t)s->number) % 10;
  return place < 4 ? "heartbeat" : place < 6 ? "status" : place < 9 ? "meter" : "tx";
}

// Write the next request of the station to `out` (4 KiB); its length.
static int say(const Script *script, Speaker *s, char *out) {
  const char *kind = kind_of_turn(script, s);
  s->said = SAID_OTHER;
  if (!strcmp(kind, "status")) return say_status(script, s, out);
  if (!strcmp(kind, "meter")) return say_meter(script, s, out);
  if (!strcmp(kind, "tx")) return s->transaction ? say_stop(script, s, out) : say_start(script, s, out);
  return sprintf(out, "[2,\"%08x\",\"Heartbeat\",{}]", s->turn);
}

// Take note of the answer: 1 when it is one that a charging station can go on with.
static int hear(Speaker *s, const char *answer) {
  if (s->said == SAID_STOP) s->transaction = 0;
  if (s->said == SAID_START) {
    const char *id = strstr(answer, "transactionId");
    for (id = id ? id + 14 : ""; *id && (*id < '0' || *id > '9'); id++) {}
    s->transaction = atoi(id);
    if (!s->transaction) return 0;
  }
  if (s->said != SAID_BOOT && s->said != SAID_START) return 1;
  return strstr(answer, "Accepted") != NULL;
}
