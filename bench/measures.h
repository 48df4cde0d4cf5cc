// Clocks, a histogram of latencies, and what a process used: CPU time and resident memory, out of /proc.
#include <stdio.h>
#include <stdlib.h>
#include <stdint.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define BUCKET_NS 10000
#define BUCKETS 1000000  // ten seconds; what took longer counts as ten

typedef struct { uint32_t counts[BUCKETS]; uint64_t total; } Histogram;
typedef struct { double cpu_s, others_cpu_s, rss_kb; } Use;

static uint64_t now_ns(void) {
  struct timespec at;
  clock_gettime(CLOCK_MONOTONIC, &at);
  return (uint64_t)at.tv_sec * 1000000000ull + at.tv_nsec;
}

static double own_cpu_s(void) {
  struct timespec at;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &at);
  return at.tv_sec + at.tv_nsec / 1e9;
}

static void note(Histogram *h, uint64_t ns) {
  uint64_t bucket = ns / BUCKET_NS;
  h->counts[bucket < BUCKETS ? bucket : BUCKETS - 1]++;
  h->total++;
}

static void forget(Histogram *h) { memset(h, 0, sizeof *h); }

static double percentile_ms(const Histogram *h, double part) {
  uint64_t seen = 0;
  for (int i = 0; i < BUCKETS; i++) {
    seen += h->counts[i];
    if (h->total && seen >= part * h->total) return (i + 0.5) * BUCKET_NS / 1e6;
  }
  return 0;
}

static double cpu_s(const char *pid) {
  char path[64], line[1024];
  unsigned long user = 0, kernel = 0;
  snprintf(path, sizeof path, "/proc/%s/stat", pid);
  FILE *file = fopen(path, "r");
  if (!file) return 0;
  char *end = fgets(line, sizeof line, file) ? strrchr(line, ')') : NULL;
  if (end) sscanf(end + 2, "%*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user, &kernel);
  fclose(file);
  return (user + kernel) / (double)sysconf(_SC_CLK_TCK);
}

static double rss_kb(const char *pid) {
  char path[64], line[256];
  double found = 0;
  snprintf(path, sizeof path, "/proc/%s/status", pid);
  FILE *file = fopen(path, "r");
  if (!file) return 0;
  while (fgets(line, sizeof line, file)) if (!strncmp(line, "VmRSS:", 6)) found = atof(line + 6);
  fclose(file);
  return found;
}

static Use use(const char *pid, const char *others) {
  Use found = { .cpu_s = cpu_s(pid), .rss_kb = rss_kb(pid) };
  char list[1024];
  snprintf(list, sizeof list, "%s", others);
  for (char *one = strtok(list, ","); one; one = strtok(NULL, ",")) found.others_cpu_s += cpu_s(one);
  return found;
}
