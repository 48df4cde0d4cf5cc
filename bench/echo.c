// What the machine allows: a central system in C that answers every message as if it were a Heartbeat, without reading
// its JSON and without keeping anything. One thread, epoll.   gcc -O2 echo.c -o echo -lcrypto
//   echo PORT hb     answers with [3,"<id>",{"currentTime":...}]; the id is taken from where the load generator puts it
//   echo PORT ws     gives every message back
// Prints READY when it listens.
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <errno.h>
#include <stdint.h>
#include <time.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/sha.h>
#include <openssl/evp.h>

typedef struct {
  int fd, is_upgraded, length, room;
  char *kept;  // the part of a frame that came so far
} Peer;

static int answers_heartbeats, poller;
static char in[65536], out[70000];
static int out_length;

static void send_all(int fd) {
  for (int done = 0; done < out_length;) {
    ssize_t step = send(fd, out + done, out_length - done, MSG_NOSIGNAL);
    if (step < 0 && errno != EAGAIN) break;
    if (step > 0) done += (int)step;
  }
  out_length = 0;
}

static int upgrade(Peer *peer, int available) {
  static const char magic[] = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
  char text[160];
  unsigned char digest[SHA_DIGEST_LENGTH], accept[40];
  in[available] = 0;
  char *end = strstr(in, "\r\n\r\n"), *key = strcasestr(in, "Sec-WebSocket-Key:");
  if (!end || !key) return 0;
  key += strcspn(key, ":") + 1;
  key += strspn(key, " ");
  snprintf(text, sizeof text, "%.*s%s", (int)strcspn(key, "\r\n"), key, magic);
  SHA1((unsigned char *)text, strlen(text), digest);
  EVP_EncodeBlock(accept, digest, SHA_DIGEST_LENGTH);
  out_length = sprintf(out,
    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Protocol: ocpp1.6\r\nSec-WebSocket-Accept: %s\r\n\r\n", accept);
  peer->is_upgraded = 1;
  return (int)(end - in) + 4;
}

static void answer(const char *payload, int length) {
  char text[128];
  if (answers_heartbeats) {
    time_t now = time(NULL);
    struct tm t;
    gmtime_r(&now, &t);
    length = sprintf(text, "[3,%.10s,{\"currentTime\":\"%04d-%02d-%02dT%02d:%02d:%02dZ\"}]", payload + 3,
                     t.tm_year + 1900, t.tm_mon + 1, t.tm_mday, t.tm_hour, t.tm_min, t.tm_sec);
    payload = text;
  }
  out[out_length++] = (char)0x81;
  if (length < 126) {
    out[out_length++] = (char)length;
  } else {
    out[out_length++] = 126;
    out[out_length++] = (char)(length >> 8);
    out[out_length++] = (char)length;
  }
  memcpy(out + out_length, payload, length);
  out_length += length;
}

// Bytes of the frame at `at`, 0 when it is not whole yet; its payload is unmasked in place and answered.
static int take_frame(int at, int available) {
  unsigned char *frame = (unsigned char *)in + at;
  int length = frame[1] & 127, head = 2;
  if (length == 126) {
    length = frame[2] << 8 | frame[3];
    head = 4;
  }
  if (available < head + 4 + length) return 0;
  char *mask = (char *)frame + head, *payload = mask + 4;
  uint32_t key, word;
  int i = 0;
  memcpy(&key, mask, 4);
  for (; i + 4 <= length; i += 4) {
    memcpy(&word, payload + i, 4);
    word ^= key;
    memcpy(payload + i, &word, 4);
  }
  for (; i < length; i++) payload[i] ^= mask[i & 3];
  answer(payload, length);
  return head + 4 + length;
}

static void leave(Peer *peer) {
  close(peer->fd);
  free(peer->kept);
  free(peer);
}

static void on_readable(Peer *peer) {
  if (peer->length) memcpy(in, peer->kept, peer->length);
  ssize_t got = recv(peer->fd, in + peer->length, sizeof in - 1 - peer->length, 0);
  if (got < 0 && errno == EAGAIN) return;
  if (got <= 0) { leave(peer); return; }
  int available = peer->length + (int)got, used = 0, step;
  if (!peer->is_upgraded) used = upgrade(peer, available);
  while (peer->is_upgraded && available - used >= 6 && (step = take_frame(used, available - used))) used += step;
  if (out_length) send_all(peer->fd);
  peer->length = available - used;
  if (peer->length > peer->room) peer->kept = realloc(peer->kept, peer->room = peer->length);
  if (peer->length) memcpy(peer->kept, in + used, peer->length);
}

static void welcome(int listener) {
  int fd, one = 1;
  while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
    Peer *peer = calloc(1, sizeof *peer);
    struct epoll_event event = { .events = EPOLLIN, .data.ptr = peer };
    peer->fd = fd;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    epoll_ctl(poller, EPOLL_CTL_ADD, fd, &event);
  }
}

int main(int count, char **values) {
  static struct epoll_event events[512];
  int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), one = 1;
  if (count < 3) { fprintf(stderr, "echo PORT hb|ws\n"); return 2; }
  answers_heartbeats = !strcmp(values[2], "hb");
  struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(atoi(values[1])) };
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  if (bind(listener, (void *)&address, sizeof address)) { perror("bind"); return 1; }
  listen(listener, 4096);
  poller = epoll_create1(0);
  struct epoll_event event = { .events = EPOLLIN, .data.ptr = NULL };
  epoll_ctl(poller, EPOLL_CTL_ADD, listener, &event);
  puts("READY");
  fflush(stdout);
  for (;;) {
    int ready = epoll_wait(poller, events, 512, -1);
    for (int i = 0; i < ready; i++) {
      if (events[i].data.ptr) on_readable(events[i].data.ptr);
      else welcome(listener);
    }
  }
}
