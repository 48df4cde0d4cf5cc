// WebSocket frames of a client (RFC 6455, 5.2).
#include <stdint.h>
#include <string.h>

// Write a masked frame of up to 65,535 bytes to `out`; its length.
static int frame(char *out, int opcode, const char *payload, int length, uint32_t mask) {
  int head = 2;
  out[0] = (char)(0x80 | opcode);
  if (length < 126) {
    out[1] = (char)(0x80 | length);
  } else {
    out[1] = (char)(0x80 | 126);
    out[2] = (char)(length >> 8);
    out[3] = (char)length;
    head = 4;
  }
  memcpy(out + head, &mask, 4);
  head += 4;
  for (int i = 0; i < length; i++) out[head + i] = payload[i] ^ ((char *)&mask)[i & 3];
  return head + length;
}
