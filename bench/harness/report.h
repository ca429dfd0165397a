/* The document that a run leaves behind, and the tables drawn from it.
 *
 * {"schema": 1, "command": "...", "seed": n, "rounds": n, "machine": {...},
 *  "benches": [{"bench": "sync/mutex", "before": {...}, "after": {...},
 *    "groups": [{"name", "workload", "unit", "threads", "pinned", "param",
 *      "peer", "reference_ns": [...],
 *      "contenders": [{"name", "kind", "iterations", "rounds_ns": [...],
 *        "median", "mad", "p10", "p90", "min",
 *        "ratio": {"median", "mad", "p10", "p90"}, "verdict"}
 *       or {"name", "kind", "missing": "why"}]}]}]}
 *
 * Every figure is nanoseconds an iteration; rounds_ns is in the order of the
 * rounds, so that entry r of two contenders of a group are a pair. */
#ifndef BENCH_HARNESS_REPORT_H
#define BENCH_HARNESS_REPORT_H

#include "harness/stats.h"

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stdio.h>

/* Put the summary of `n` rounds into a contender's object; `rounds` and
 * `peer_rounds` keep their order. The peer's may be NULL: no ratio. */
void bench_report_summary(cJSON *contender, const double *rounds,
                          const double *peer_rounds, size_t n);

/* Draw a group for a terminal, or as Markdown. */
void bench_report_group(FILE *out, const cJSON *group, bool markdown);

/* Draw the rows in which weft costs more than the peer, all benches together,
 * or say that there are none. */
void bench_report_losses(FILE *out, const cJSON *document, bool markdown);

/* Draw what the machine was. */
void bench_report_machine(FILE *out, const cJSON *document);

/* Text of a member, or "" when it is absent. */
const char *bench_report_text(const cJSON *object, const char *name);

/* Write the document to `path`; false, with a message, if that fails. */
bool bench_report_save(const cJSON *document, const char *path);

#endif
