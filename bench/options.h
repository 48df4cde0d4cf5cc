// What the load generator is told; see loadgen.c.
#include <stdlib.h>
#include <unistd.h>

static struct {
  int port, count, sources, at_once, tls, storm, boot;
  double seconds, warm_up, rate, flood;
  const char *path, *subprotocol, *pid, *other_pids;
} given = { .port = 9220, .count = 500, .sources = 1, .at_once = 100, .seconds = 5, .warm_up = 1,
            .path = "/ocpp/CP", .subprotocol = "ocpp1.6", .pid = "", .other_pids = "" };

static Script script = { .mode = "heartbeat" }, flooding = { .mode = "heartbeat" };

static void read_options(int count, char **values) {
  int option;
  while ((option = getopt(count, values, "p:c:d:w:m:u:s:g:BSC:a:Tr:f:F:P:Q:")) != -1) switch (option) {
    case 'p': given.port = atoi(optarg); break;
    case 'c': given.count = atoi(optarg); break;
    case 'd': given.seconds = atof(optarg); break;
    case 'w': given.warm_up = atof(optarg); break;
    case 'm': script.mode = optarg; break;
    case 'u': given.path = optarg; break;
    case 's': given.subprotocol = optarg; break;
    case 'g': script.tag = optarg; break;
    case 'B': given.boot = 1; break;
    case 'S': given.storm = 1; break;
    case 'C': given.at_once = atoi(optarg); break;
    case 'a': given.sources = atoi(optarg); break;
    case 'T': given.tls = 1; break;
    case 'r': given.rate = atof(optarg); break;
    case 'f': given.flood = atof(optarg); break;
    case 'F': flooding.mode = optarg; break;
    case 'P': given.pid = optarg; break;
    case 'Q': given.other_pids = optarg; break;
    default: exit(2);
  }
}
