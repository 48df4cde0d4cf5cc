// A station of the load generator: its connection, and how its frames go out.
enum { CONNECTING, TLS_HANDSHAKE, UPGRADING, BOOTING, STARTING, RUNNING, DEAD };

typedef struct {
  int fd, state, is_waiting;
  SSL *ssl;
  uint64_t connect_began, sent;
  Speaker speaker;
  char *unsent;
  int unsent_length, unsent_offset;
  int length;
  char buffer[1500];
} Station;

static Station *stations, *flooder;
static SSL_CTX *tls_context;
static int poller, running, pending, opened, is_measuring, is_stopping;
static uint64_t answered, lost, wrong, missed, due_at, pace_began, flood_sent, flood_answered;
static double paced, flooded;
static Histogram latency;

static void die(Station *s, const char *why) {
  if (s->state == DEAD) return;
  if (++lost < 6) fprintf(stderr, "station %d, state %d: %s (%s)\n", s->speaker.number, s->state, why, strerror(errno));
  if (s->state < RUNNING) pending--; else running--;
  s->state = DEAD;
  close(s->fd);
}

static void complain(const char *what, const char *text, int length) {
  if (++wrong < 6) fprintf(stderr, "%s: %.*s\n", what, length > 200 ? 200 : length, text);
}

static void watch(Station *s, uint32_t events, int operation) {
  struct epoll_event event = { .events = events, .data.ptr = s };
  epoll_ctl(poller, operation, s->fd, &event);
}

static int put(Station *s, const char *data, int length) {
  return s->ssl ? SSL_write(s->ssl, data, length) : (int)send(s->fd, data, length, MSG_NOSIGNAL);
}

static void send_all(Station *s, const char *data, int length) {
  int done = 0;
  if (!s->unsent) {
    done = put(s, data, length);
    if (done == length) return;
    if (done < 0 && errno != EAGAIN) { die(s, "send"); return; }
    if (done < 0) done = 0;
    s->unsent_length = s->unsent_offset = 0;
    watch(s, EPOLLIN | EPOLLOUT, EPOLL_CTL_MOD);
  }
  s->unsent = realloc(s->unsent, s->unsent_length + length - done);
  memcpy(s->unsent + s->unsent_length, data + done, length - done);
  s->unsent_length += length - done;
}

static void send_rest(Station *s) {
  int done = put(s, s->unsent + s->unsent_offset, s->unsent_length - s->unsent_offset);
  if (done > 0) s->unsent_offset += done;
  if (s->unsent_offset < s->unsent_length) return;
  free(s->unsent);
  s->unsent = NULL;
  watch(s, EPOLLIN, EPOLL_CTL_MOD);
}

static void send_frame(Station *s, int opcode, const char *payload, int length) {
  static char data[4400];
  send_all(s, data, frame(data, opcode, payload, length, 0x5a3c91e7u ^ (s->speaker.turn * 2654435761u)));
}
