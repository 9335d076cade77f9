/* Always-on assertions for our own mistakes, never for what a peer, meter, file or user sent.
 *
 * A failed CHECK ends the program (the service manager restarts it, wallboxes fall back when their lease ends). CHECK stays on in
 * release builds. The program that links a pure library supplies check_failed: common/os/fatal.c for daemons, the simulator its own.
 */
#pragma once

/* Report a failed CHECK and do not return. */
_Noreturn void check_failed(const char *file, int line, const char *expression);

#define CHECK(condition) ((condition) ? (void)0 : check_failed(__FILE__, __LINE__, #condition))
