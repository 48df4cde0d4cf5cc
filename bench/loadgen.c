// Load generator: thousands of charging stations of OCPP 1.6 in one thread, epoll.
//   gcc -O2 loadgen.c -o loadgen -lssl -lcrypto
// Stations send one request at a time, the next when the answer is there (closed loop), or at a given rate (-r).
//   -p port   -c stations   -d seconds measured   -w seconds of warm-up, or more   -m heartbeat|status|meter|tx|mix
//   -u path of the stations, to which five digits are added   -s subprotocol   -g id tag of all (else TAG00000, ...)
//   -B boot first (and in mode meter start a transaction)   -S storm: connect (and boot), nothing more
//   -C so many connect at once   -a so many source addresses   -T TLS   -r messages/s of all stations together
//   -f calls/s of one station more, which waits for no answer (-r is needed too)   -F what it says, as -m
//   -P pid whose CPU time and memory are told   -Q pid,pid,... whose CPU time is added and told apart; of each process
//   counts all that it started.  Prints a JSON object when the measurement begins, and another one at the end.
#define _GNU_SOURCE
#include <errno.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <arpa/inet.h>
#include <openssl/ssl.h>
#include <openssl/err.h>
#include "frames.h"
#include "messages.h"
#include "measures.h"
#include "options.h"
#include "station.h"

// --- out ----------------------------------------------------------------------------------------------------------

static void send_request(Station *s) {
  static char text[4096];
  int length;
  if (s->state == BOOTING) {
    s->speaker.said = SAID_BOOT;
    length = say_boot(&s->speaker, text);
  } else if (s->state == STARTING) {
    length = say_start(&script, &s->speaker, text);
  } else {
    length = say(s == flooder ? &flooding : &script, &s->speaker, text);
  }
  s->sent = due_at ? due_at : now_ns();
  s->is_waiting = 1;
  send_frame(s, 1, text, length);
}

// --- in -----------------------------------------------------------------------------------------------------------

static void run(Station *s) {
  s->state = RUNNING;
  pending--;
  running++;
  note(&latency, now_ns() - s->connect_began);
}

static void next_state(Station *s) {
  if (s->state == BOOTING && !given.storm && !strcmp(script.mode, "meter")) {
    s->state = STARTING;
    send_request(s);
  } else {
    run(s);
  }
}

// A request of the central system: these stations know DataTransfer, and nothing else.
static void obey(Station *s, const char *text, int length) {
  char answer[120];
  const char *id = memchr(text, '"', length), *end = id ? memchr(id + 1, '"', text + length - id - 1) : NULL;
  if (!end || end - id > 40) return;
  int is_known = !strncmp(end, "\",\"DataTransfer\"", 16);
  const char *form = is_known ? "[3,%.*s\",{\"status\":\"Accepted\"}]" : "[4,%.*s\",\"NotImplemented\",\"\",{}]";
  int n = sprintf(answer, form, (int)(end - id), id);
  send_frame(s, 1, answer, n);
}

// The flooding station does not wait, so that it has no message that is the one to be answered.
static void on_flood_answered(const char *text, int length) {
  if (text[1] != '3') complain("the flood is refused", text, length);
  if (is_measuring) flood_answered++;
}

static void on_text(Station *s, char *text, int length) {
  if (length < 14) { complain("short", text, length); return; }
  char after = text[length];
  text[length] = 0;
  if (text[1] == '2') {
    obey(s, text, length);
  } else if (s == flooder && s->state == RUNNING) {
    on_flood_answered(text, length);
  } else {
    const char *id = strchr(text, '"');
    if (!s->is_waiting || !id || strtoul(id + 1, NULL, 16) != s->speaker.turn) complain("wrong id", text, length);
    else if (text[1] != '3' || (given.boot && !hear(&s->speaker, text))) complain("refused", text, length);
    if (is_measuring) { answered++; note(&latency, now_ns() - s->sent); }
    s->speaker.turn++;
    s->is_waiting = 0;
    if (s->state < RUNNING) next_state(s);
    else if (!is_stopping && given.rate == 0) send_request(s);
  }
  if (s->state != DEAD) text[length] = after;
}

static int on_upgraded(Station *s) {
  s->buffer[s->length] = 0;
  char *end = strstr(s->buffer, "\r\n\r\n");
  if (!end) return 0;
  if (strncmp(s->buffer + 9, "101", 3)) {
    errno = 0;
    complain("handshake", s->buffer, s->length);
    die(s, "handshake");
    return 0;
  }
  s->state = BOOTING;
  s->speaker.transaction = given.boot ? 0 : 1000 + s->speaker.number;
  if (given.boot) send_request(s); else run(s);
  return (int)(end - s->buffer) + 4;
}

static int on_frame(Station *s, unsigned char *begin, int available) {
  int opcode = begin[0] & 15, length = begin[1] & 127, head = 2;
  if (length == 126) {
    if (available < 4) return 0;
    length = begin[2] << 8 | begin[3];
    head = 4;
  }
  if (available < head + length) return 0;
  char *payload = (char *)begin + head;
  if (opcode == 1) on_text(s, payload, length);
  else if (opcode == 9) send_frame(s, 10, payload, length);
  else if (opcode == 8) { errno = 0; die(s, "closed by the central system"); }
  return head + length;
}

static void parse(Station *s) {
  int used = 0, step;
  if (s->state == UPGRADING) {
    used = on_upgraded(s);
    if (!used || s->state == DEAD) return;
  }
  while (s->length - used >= 2) {
    step = on_frame(s, (unsigned char *)s->buffer + used, s->length - used);
    if (s->state == DEAD) return;
    if (!step) break;
    used += step;
  }
  memmove(s->buffer, s->buffer + used, s->length - used);
  s->length -= used;
}

// Bytes read; 0 when there are no more for now, or the station is dead.
static int get(Station *s) {
  int room = (int)sizeof s->buffer - 1 - s->length, length;
  if (s->ssl) {
    length = SSL_read(s->ssl, s->buffer + s->length, room);
    int fault = length > 0 ? SSL_ERROR_NONE : SSL_get_error(s->ssl, length);
    if (fault == SSL_ERROR_WANT_READ || fault == SSL_ERROR_WANT_WRITE) return 0;
    if (fault) die(s, "TLS read");
  } else {
    length = (int)recv(s->fd, s->buffer + s->length, room, 0);
    if (length < 0 && errno == EAGAIN) return 0;
    if (length <= 0) { if (!length) errno = 0; die(s, "connection lost"); }
  }
  return length > 0 ? length : 0;
}

static void on_readable(Station *s) {
  for (;;) {
    int length = get(s);
    if (!length) return;
    s->length += length;
    int is_full = s->length == (int)sizeof s->buffer - 1;
    parse(s);
    if (s->state == DEAD || (!s->ssl && !is_full)) return;
  }
}

// --- connecting ---------------------------------------------------------------------------------------------------

static void upgrade(Station *s) {
  char text[700];
  int length = snprintf(text, sizeof text,
    "GET %s%05d HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: %s\r\n\r\n",
    given.path, s->speaker.number, given.port, given.subprotocol);
  s->state = UPGRADING;
  send_all(s, text, length);
}

static void shake_hands(Station *s) {
  int done = SSL_connect(s->ssl);
  if (done == 1) { upgrade(s); return; }
  int fault = SSL_get_error(s->ssl, done);
  if (fault == SSL_ERROR_WANT_READ || fault == SSL_ERROR_WANT_WRITE)
    watch(s, fault == SSL_ERROR_WANT_READ ? EPOLLIN : EPOLLIN | EPOLLOUT, EPOLL_CTL_MOD);
  else { ERR_print_errors_fp(stderr); die(s, "TLS handshake"); }
}

static void bind_source(Station *s) {
  int one = 1;
  struct sockaddr_in source = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(0x7f000002 + s->speaker.number % given.sources) };
  setsockopt(s->fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &one, sizeof one);
  if (bind(s->fd, (void *)&source, sizeof source)) { perror("bind"); exit(1); }
}

static void open_station(int number) {
  Station *s = &stations[number];
  int one = 1;
  s->speaker.number = number;
  s->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  if (s->fd < 0) { perror("socket"); exit(1); }
  setsockopt(s->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  if (given.sources > 1) bind_source(s);
  struct sockaddr_in target = { .sin_family = AF_INET, .sin_port = htons(given.port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
  s->state = CONNECTING;
  pending++;
  s->connect_began = now_ns();
  if (connect(s->fd, (void *)&target, sizeof target) < 0 && errno != EINPROGRESS) { die(s, "connect"); return; }
  watch(s, EPOLLIN | EPOLLOUT, EPOLL_CTL_ADD);
}

static void on_connected(Station *s) {
  int fault = 0;
  socklen_t size = sizeof fault;
  getsockopt(s->fd, SOL_SOCKET, SO_ERROR, &fault, &size);
  if (fault) { errno = fault; die(s, "connect"); return; }
  watch(s, EPOLLIN, EPOLL_CTL_MOD);
  if (!given.tls) { upgrade(s); return; }
  s->ssl = SSL_new(tls_context);
  SSL_set_fd(s->ssl, s->fd);
  s->state = TLS_HANDSHAKE;
  shake_hands(s);
}

// --- the loop -----------------------------------------------------------------------------------------------------

static void look(int patience_ms) {
  static struct epoll_event events[512];
  int count = epoll_wait(poller, events, 512, patience_ms);
  for (int i = 0; i < count; i++) {
    Station *s = events[i].data.ptr;
    if (s->state == DEAD) continue;
    if (s->state == CONNECTING) { on_connected(s); continue; }
    if (s->state == TLS_HANDSHAKE) { shake_hands(s); continue; }
    if ((events[i].events & EPOLLOUT) && s->unsent) send_rest(s);
    if (s->state != DEAD && (events[i].events & (EPOLLIN | EPOLLHUP | EPOLLERR))) on_readable(s);
  }
}

// Send what is due by now, each from the next station that waits for nothing; latency counts from when it was due.
static void pace(void) {
  static int turn;
  double due = (now_ns() - pace_began) / 1e9 * given.rate;
  for (; paced < due; paced++) {
    int tries = 0;
    do turn = (turn + 1) % given.count;
    while ((stations[turn].state != RUNNING || stations[turn].is_waiting) && ++tries < given.count);
    if (tries == given.count) { missed++; return; }
    due_at = pace_began + (uint64_t)(paced / given.rate * 1e9);
    send_request(&stations[turn]);
    due_at = 0;
  }
}

// What the flooding station has to send by now; what its socket does not take any more is never sent.
static void flood(void) {
  double due = (now_ns() - pace_began) / 1e9 * given.flood;
  for (; flooded < due; flooded++) {
    if (flooder->state != RUNNING || flooder->unsent) continue;
    send_request(flooder);
    flooder->speaker.turn++;
    if (is_measuring) flood_sent++;
  }
}

static void keep_on(double seconds) {
  uint64_t ends = now_ns() + (uint64_t)(seconds * 1e9);
  pace_began = now_ns();
  paced = flooded = 0;
  while (now_ns() < ends) {
    if (given.rate > 0) pace();
    if (flooder) flood();
    look(given.rate > 0 ? 1 : 100);
  }
}

// What a central system does for a station's first messages is not what is measured: each has had its answers.
static int are_warm(void) {
  uint32_t turns = strcmp(script.mode, "mix") ? 5 : 12;
  for (int i = 0; i < given.count; i++)
    if (stations[i].state == RUNNING && stations[i].speaker.turn < turns) return 0;
  return 1;
}

static double warm_up(void) {
  uint64_t began = now_ns();
  for (int i = 0; i < given.count && given.rate == 0; i++) if (stations[i].state == RUNNING) send_request(&stations[i]);
  do keep_on(given.warm_up);
  while (!are_warm() && now_ns() - began < 30000000000ull);
  return (now_ns() - began) / 1e9;
}

static void connect_all(void) {
  uint64_t ends = now_ns() + 240000000000ull;
  int all = given.count + (flooder != NULL);
  while (running < all - (int)lost && now_ns() < ends) {
    while (opened < all && pending < given.at_once) open_station(opened++);
    look(100);
  }
}

static void tell_storm(Use before, Use after, double seconds) {
  int connected = running - (flooder && flooder->state == RUNNING);
  printf("{\"connections\":%d,\"connect_s\":%.3f,\"connect_cpu_s\":%.2f,\"connect_p50_ms\":%.2f,\"connect_p99_ms\":%.2f,"
         "\"rss_before_kb\":%.0f,\"rss_connected_kb\":%.0f}\n", connected, seconds, after.cpu_s - before.cpu_s,
         percentile_ms(&latency, .5), percentile_ms(&latency, .99), before.rss_kb, after.rss_kb);
}

static void measure(double warm_up_s) {
  missed = 0;
  forget(&latency);
  is_measuring = 1;
  Use before = use(given.pid, given.other_pids);
  double own = own_cpu_s();
  uint64_t start = now_ns();
  keep_on(given.seconds);
  double seconds = (now_ns() - start) / 1e9;
  is_measuring = 0;
  is_stopping = 1;
  Use after = use(given.pid, given.other_pids);
  double cpu = after.cpu_s - before.cpu_s, others = 0;
  for (int i = 0; i < after.others; i++) others += after.others_cpu_s[i] - before.others_cpu_s[i];
  printf("\"warm_up_s\":%.2f,\"messages\":%lu,\"msg_per_s\":%.0f,\"p50_ms\":%.2f,\"p99_ms\":%.2f,\"p999_ms\":%.2f,\"cpu_percent\":%.0f,"
         "\"others_cpu_percent\":%.0f,\"generator_cpu_percent\":%.0f,\"us_cpu_per_msg\":%.2f,\"rss_kb\":%.0f,\"missed\":%lu",
         warm_up_s, answered, answered / seconds, percentile_ms(&latency, .5), percentile_ms(&latency, .99),
         percentile_ms(&latency, .999), cpu / seconds * 100, others / seconds * 100,
         (own_cpu_s() - own) / seconds * 100, answered ? (cpu + others) * 1e6 / answered : 0, after.rss_kb, missed);
  printf(",\"flood_per_s\":%.0f,\"flood_answered_per_s\":%.0f,\"others_us_per_msg\":[", flood_sent / seconds, flood_answered / seconds);
  for (int i = 0; i < after.others; i++)
    printf("%s%.2f", i ? "," : "", answered ? (after.others_cpu_s[i] - before.others_cpu_s[i]) * 1e6 / answered : 0);
  printf("],");
}

int main(int count, char **values) {
  read_options(count, values);
  script.first_second = time(NULL) - 20 * 86400;
  stations = calloc(given.count + 1, sizeof(Station));
  if (given.flood > 0) flooder = &stations[given.count];
  flooding.first_second = script.first_second;
  poller = epoll_create1(0);
  if (given.tls) {
    tls_context = SSL_CTX_new(TLS_client_method());
    SSL_CTX_set_verify(tls_context, SSL_VERIFY_NONE, NULL);
    SSL_CTX_set_mode(tls_context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  }
  Use before = use(given.pid, given.other_pids);
  uint64_t began = now_ns();
  connect_all();
  double seconds = (now_ns() - began) / 1e9, warm_up_s = 0;
  tell_storm(before, use(given.pid, given.other_pids), seconds);
  if (!given.storm) warm_up_s = warm_up();
  fflush(stdout);
  printf("{");
  if (!given.storm) measure(warm_up_s);
  printf("\"lost\":%lu,\"wrong\":%lu}\n", lost, wrong);
  return 0;
}
