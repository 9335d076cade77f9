/* Documents in, readable lines out. In the documents of these tests ' stands for ". */
#pragma once

#include <jansson.h>

#include "manager/shell/plan_days.h"
#include "manager/shell/plan_document.h"
#include "manager/shell/plan_simulate.h"

/* Heads of documents: one node, or a carport behind the grid connection. Boxes follow, then "]}". */
#define ONE_NODE(ma) "{'nodes': [{'id': 'grid', 'limit_ma': [" #ma ", " #ma ", " #ma "]}], 'wallboxes': ["
#define TWO_NODES(grid_ma, carport_ma)                                                   \
    "{'nodes': [{'id': 'grid', 'limit_ma': [" #grid_ma ", " #grid_ma ", " #grid_ma "]}," \
    "{'id': 'carport', 'parent': 'grid', 'limit_ma': [" #carport_ma ", " #carport_ma ", " #carport_ma "]}], 'wallboxes': ["

/* The document as JSON; the caller gives it back. Fails the test when it is none. */
json_t *rig_json(const char *document);

/* The answer to a document: a line per wallbox "A 20000 charging node_full carport:L1", a line per node "grid used 1 2 3 free 4 5 6". */
const char *rig_answer(const char *document);

/* All errors of a document, a line each. Fails the test when there are none. */
const char *rig_errors(const char *document);

/* The same for one with days. */
const char *rig_day_errors(const char *document);

/* Only the lines of the wallboxes, or all, must be as given. */
void rig_expect(const char *document, const char *lines);
void rig_expect_all(const char *document, const char *lines);

/* A plan and its days, and what came of them. */
struct rig_days {
    struct plan plan;
    struct plan_days days;
    struct plan_outcome outcome;
};

/* Run the days of a document by the manager's own division. The caller gives it back with rig_end. */
struct rig_days *rig_run(const char *document);
struct rig_days *rig_run_by(const char *document, const struct plan_policy *policy);
void rig_end(struct rig_days *r);
