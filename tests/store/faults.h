/* One system call or allocation of the storage path that fails, chosen by its number: of SQLite's files, of SQLite's memory, of our own code. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum fault_kind { FAULT_NONE, FAULT_FILE, FAULT_MEMORY, FAULT_OWN, FAULT_KIND_N };

/* Before SQLite is used for the first time. */
void faults_install(void);

/* From now on calls are counted, and number `nth` (from 1) of that kind fails; 0: none does. */
void faults_arm(enum fault_kind kind, uint32_t nth);

/* Calls of that kind since faults_arm. */
uint32_t faults_seen(enum fault_kind kind);

/* Nothing fails any more. */
void faults_disarm(void);

/* While not SQLITE_OK every write to a database gives this: a disk that is full or read-only. */
void faults_refuse_writes(int code);

const char *faults_name(enum fault_kind kind);
