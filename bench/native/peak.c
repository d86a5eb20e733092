// The native peak of 128-bit arithmetic: sums of products in registers, nothing loaded or stored, on N threads. With
// "fused" each is one multiply-add where the machine has it, else a product and a sum, as WebAssembly's baseline SIMD
// has to. The child's end of bench/harness/child.ts: one JSON request a line on standard input, one answer a line on
// file descriptor 3.
#define _POSIX_C_SOURCE 200809L
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#if defined(__x86_64__) || defined(__i386__)
#include <immintrin.h>
typedef __m128 vector;
#define FUSED __attribute__((target("fma")))
#define APART __attribute__((target("avx")))
#define SPLAT(x) _mm_set1_ps(x)
#define FUSE(a, b, sum) _mm_fmadd_ps(a, b, sum)
#define MULTIPLY(a, b) _mm_mul_ps(a, b)
#define ADD(a, b) _mm_add_ps(a, b)
#define HIDE(v) __asm__ volatile("" : "+x"(v))
enum { FUSED_CHAINS = 12 };
static bool can_fuse(void) { return __builtin_cpu_supports("fma"); }
#elif defined(__aarch64__)
#include <arm_neon.h>
typedef float32x4_t vector;
#define FUSED
#define APART
#define SPLAT(x) vdupq_n_f32(x)
#define FUSE(a, b, sum) vfmaq_f32(sum, a, b)
#define MULTIPLY(a, b) vmulq_f32(a, b)
#define ADD(a, b) vaddq_f32(a, b)
#define HIDE(v) __asm__ volatile("" : "+w"(v))
enum { FUSED_CHAINS = 24 };
static bool can_fuse(void) { return true; }
#else
#error "peak.c knows x86 and 64-bit ARM"
#endif

// Twelve chains keep two units with a latency of up to six cycles at work, twenty-four the four units of some ARM cores.
// Where the sum is apart its latency alone makes the chain: eight do, and leave a register for the product.
enum { TURNS = 1 << 20, APART_CHAINS = 8 };

// Each returns the sum of all lanes, which the numbers, all 1, make the number of products.
FUSED static float run_fused(void) {
  vector sums[FUSED_CHAINS], a = SPLAT(1), b = SPLAT(1);
  for (int i = 0; i < FUSED_CHAINS; i++) sums[i] = SPLAT(0);
  for (int turn = 0; turn < TURNS; turn++) {
    HIDE(a);
#pragma GCC unroll 24
    for (int i = 0; i < FUSED_CHAINS; i++) sums[i] = FUSE(a, b, sums[i]);
  }
  for (int i = 1; i < FUSED_CHAINS; i++) sums[0] = ADD(sums[0], sums[i]);
  float lanes[4];
  memcpy(lanes, sums, sizeof lanes);
  return lanes[0] + lanes[1] + lanes[2] + lanes[3];
}

APART static float run_apart(void) {
  vector sums[APART_CHAINS], a[4], b[2];
  for (int i = 0; i < APART_CHAINS; i++) sums[i] = SPLAT(0);
  for (int i = 0; i < 4; i++) a[i] = SPLAT(1);
  for (int i = 0; i < 2; i++) b[i] = SPLAT(1);
  for (int turn = 0; turn < TURNS; turn++) {
    // Else the compiler would see that the products are always the same.
    for (int i = 0; i < 4; i++) HIDE(a[i]);
    for (int i = 0; i < 2; i++) HIDE(b[i]);
#pragma GCC unroll 8
    for (int i = 0; i < APART_CHAINS; i++) sums[i] = ADD(sums[i], MULTIPLY(a[i % 4], b[i / 4]));
  }
  for (int i = 1; i < APART_CHAINS; i++) sums[0] = ADD(sums[0], sums[i]);
  float lanes[4];
  memcpy(lanes, sums, sizeof lanes);
  return lanes[0] + lanes[1] + lanes[2] + lanes[3];
}

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec + time.tv_nsec * 1e-9;
}

struct work {
  bool fused;
  double least_seconds, gflops, seconds;
  bool right;
};

static void *repeat(void *argument) {
  struct work *work = argument;
  const double products = 4.0 * TURNS * (work->fused ? FUSED_CHAINS : APART_CHAINS);
  const double start = now();
  work->right = true;
  do {
    work->right &= (work->fused ? run_fused() : run_apart()) == products;
    work->gflops += 2 * products / 1e9;
    work->seconds = now() - start;
  } while (work->seconds < work->least_seconds);
  return NULL;
}

// The number or truth value behind a key of a request, which is flat.
static double field(const char *request, const char *key) {
  char quoted[64];
  snprintf(quoted, sizeof quoted, "\"%s\":", key);
  const char *found = strstr(request, quoted);
  if (found == NULL) return 0;
  found += strlen(quoted);
  return strncmp(found, "true", 4) == 0 ? 1 : atof(found);
}

enum { MOST_THREADS = 64 };

int main(void) {
  FILE *answers = fdopen(3, "w");
  static char request[1 << 16];
  bool fused = false;
  int threads = 1;
  while (answers != NULL && fgets(request, sizeof request, stdin) != NULL) {
    const bool is_preparation = strstr(request, "\"do\":\"prepare\"") != NULL;
    if (is_preparation) {
      fused = field(request, "fused") != 0 && can_fuse();
      threads = (int)field(request, "threads");
      if (threads > MOST_THREADS) threads = MOST_THREADS;
    }
    struct work works[MOST_THREADS];
    pthread_t others[MOST_THREADS];
    const double seconds = field(request, is_preparation ? "warmUpSeconds" : "seconds");
    for (int i = 0; i < threads; i++) works[i] = (struct work){.fused = fused, .least_seconds = seconds};
    for (int i = 1; i < threads; i++) pthread_create(&others[i], NULL, repeat, &works[i]);
    repeat(&works[0]);
    for (int i = 1; i < threads; i++) pthread_join(others[i], NULL);
    double rate = 0;
    bool right = true;
    for (int i = 0; i < threads; i++) rate += works[i].gflops / works[i].seconds, right &= works[i].right;
    if (!right) fprintf(answers, "{\"cannot\":\"a sum came out wrong\"}\n");
    else if (is_preparation) fprintf(answers, "{\"version\":\"%s, cc %s\",\"settings\":\"128 bits\"}\n", fused ? "fused" : "apart", __VERSION__);
    else fprintf(answers, "{\"amount\":%.9g,\"seconds\":1,\"check\":0}\n", rate);
    fflush(answers);
  }
  return 0;
}
