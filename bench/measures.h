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
#define OTHERS 16
typedef struct { double cpu_s, rss_kb, others_cpu_s[OTHERS]; int others; } Use;

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

static double rss_kb(int pid) {
  char path[64], line[256];
  double found = 0;
  snprintf(path, sizeof path, "/proc/%d/status", pid);
  FILE *file = fopen(path, "r");
  if (!file) return 0;
  while (fgets(line, sizeof line, file)) if (!strncmp(line, "VmRSS:", 6)) found = atof(line + 6);
  fclose(file);
  return found;
}

// Seconds, those of its children that have ended with it.
static double cpu_s(int pid) {
  char path[64], line[1024];
  unsigned long user = 0, kernel = 0, ended_user = 0, ended_kernel = 0;
  snprintf(path, sizeof path, "/proc/%d/stat", pid);
  FILE *file = fopen(path, "r");
  if (!file) return 0;
  char *end = fgets(line, sizeof line, file) ? strrchr(line, ')') : NULL;
  if (end) sscanf(end + 2, "%*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu %lu %lu", &user, &kernel, &ended_user, &ended_kernel);
  fclose(file);
  return (user + kernel + ended_user + ended_kernel) / (double)sysconf(_SC_CLK_TCK);
}

// A figure of a process and of all that it started, together.
static double of_all(int pid, double (*figure)(int)) {
  char path[64];
  int child;
  double found = figure(pid);
  snprintf(path, sizeof path, "/proc/%d/task/%d/children", pid, pid);
  FILE *file = fopen(path, "r");
  if (!file) return found;
  while (fscanf(file, "%d", &child) == 1) found += of_all(child, figure);
  fclose(file);
  return found;
}

static Use use(const char *pid, const char *others) {
  Use found = { .cpu_s = of_all(atoi(pid), cpu_s), .rss_kb = of_all(atoi(pid), rss_kb) };
  char list[1024];
  snprintf(list, sizeof list, "%s", others);
  for (char *one = strtok(list, ","); one && found.others < OTHERS; one = strtok(NULL, ","))
    found.others_cpu_s[found.others++] = of_all(atoi(one), cpu_s);
  return found;
}
