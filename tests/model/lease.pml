/* The lease protocol between managers and clients, for spin. What is modelled, what is left out and why: MODEL.md.
 *
 * One process takes one step at a time, any that is possible. Time passes only in the step `tick`, so every delay of a message, of a disk
 * and of a decision is covered. Instead of numbers that grow, whatever refers to a moment carries the ticks that are left of it: a Status on
 * its way carries the lease that a grant which answers it would still have by the clock of its client.
 *
 * A grant is referred to by its `cap`: to name it ends every older grant, so nothing above the cap remains booked. A later grant of more
 * current lifts the caps of all older ones. So grants need no numbers, and any number of them may be on the way or lost.
 *
 * Current has the levels 0, 1 and 2; what is kept for level v is at index v - 1.
 */
#include "goals.pml"
#include "world.pml"
#include "client.pml"
#include "manager.pml"

#ifdef FREE_CLOCKS
#define REPORTS(c)                                                                                                   \
    :: d_step { CAN_REPORT(c) -> report(c, CLIENT_LEASE) }                                                           \
    :: d_step { CAN_REPORT(c) -> report(c, CLIENT_LEASE - DRIFT) }
#define HEARS(m, c)                                                                                                  \
    :: d_step { CAN_HEAR(m, c) -> hear(m, c, BOOKED_LEASE) }                                                         \
    :: d_step { CAN_HEAR(m, c) -> hear(m, c, BOOKED_LEASE + DRIFT) }
#else
#define REPORTS(c) :: d_step { CAN_REPORT(c) -> report(c, CLIENT_LEASE) }
#define HEARS(m, c) :: d_step { CAN_HEAR(m, c) -> hear(m, c, BOOKED_LEASE) }
#endif

#if MAX == 2
#define GRANTS(m, c)                                                                                                 \
    :: d_step { CAN_GRANT(m, c, 0) -> grant_is_sent(m, c, 0) }                                                       \
    :: d_step { CAN_GRANT(m, c, 1) -> grant_is_sent(m, c, 1) }                                                       \
    :: d_step { CAN_GRANT(m, c, 2) -> grant_is_sent(m, c, 2) }
#else
#define GRANTS(m, c)                                                                                                 \
    :: d_step { CAN_GRANT(m, c, 0) -> grant_is_sent(m, c, 0) }                                                       \
    :: d_step { CAN_GRANT(m, c, 1) -> grant_is_sent(m, c, 1) }
#endif

#ifdef LINKS
#define CONNECTION(m, c)                                                                                             \
    :: d_step { cl[c].link == 0 && up[m] -> connect(m, c) }                                                          \
    :: d_step { lg[AT(m, c)].linked -> manager_drops(m, c) }                                                         \
    HEARS(m, c) GRANTS(m, c)
#define BREAKS(c) :: d_step { cl[c].link > 0 -> link_breaks(c) }
#else
#if MANAGERS == 2
#define CHANGES(m, c) :: d_step { cl[c].link != (m) + 1 && up[m] && !fenced[m] -> connect(m, c) }
#else
#define CHANGES(m, c)
#endif
#define CONNECTION(m, c)                                                                                             \
    CHANGES(m, c)                                                                                                    \
    :: atomic { CAN_HEAR(m, c) ->                                                                                    \
           if                                                                                                        \
           HEARS(m, c)                                                                                               \
           fi;                                                                                                       \
           if                                                                                                        \
           GRANTS(m, c)                                                                                              \
           :: d_step { no_grant(m, c) }                                                                              \
           fi }
#define BREAKS(c) :: d_step { w[c].status || w[c].grant -> link_breaks(c) }
#endif

#ifdef CLIENT_RESTARTS
#define RESTARTS(c) :: d_step { cl[c].lease > 0 || cl[c].offer > 0 || cl[c].cap != CAP_NONE || w[c].storing -> client_restarts(c) }
#else
#define RESTARTS(c)
#endif

#ifdef CONTACTOR
#define CONTACTORS(c) :: d_step { contactor_moves(c) }
#else
#define CONTACTORS(c)
#endif

#ifdef MANAGER_RESTARTS
#define STOPS(m) :: d_step { up[m] -> manager_stops(m) }
#else
#define STOPS(m)
#endif

#ifdef FALLBACK_MOVES
#define SETS(m, c)                                                                                                   \
    :: d_step { CAN_SET(m, c) -> fallback_is_sent(m, c) }                                                            \
    :: d_step { w[c].ack && LINKED(m, c) && cl[c].link == (m) + 1 -> ack_arrives(m, c) }                             \
    :: d_step { w[c].set && cl[c].link > 0 -> fallback_arrives(c) }                                                  \
    :: d_step { w[c].storing -> fallback_is_stored(c) }                                                              \
    :: d_step { moved = !moved }
#else
#define SETS(m, c)
#endif

#define CLIENT(c)                                                                                                    \
    REPORTS(c)                                                                                                       \
    :: d_step { w[c].grant && cl[c].link > 0 -> take_grant(c) }                                                      \
    :: d_step { cl[c].board > cl[c].offer -> board_acts(c) }                                                         \
    BREAKS(c) RESTARTS(c) CONTACTORS(c)

inline tick()
{
    printf("-- a tick passes\n");
    for (i : 0 .. CLIENTS - 1) {
        tick_client(i);
        tick_wire(i)
    }
    tick_manager(0);
#if MANAGERS == 2
    tick_manager(1);
#endif
    check()
}

init {
    d_step {
        for (i : 0 .. CLIENTS - 1) {
            cl[i].fallback = (i == 0 -> FALLBACK_0 : FALLBACK_1);
            lg[AT(0, i)].fallback = cl[i].fallback;
            names_nothing(i);
            status_gone(i);
            wait_begins(i);
#ifndef LINKS
            cl[i].link = (MANAGERS == 1 -> 1 : 0)
#endif
        }
        epoch[0] = MANAGERS; /* 2: with room below and above */
        i = 0
    }
    do
    :: d_step { tick() }
    CLIENT(0)
    CONNECTION(0, 0)
    SETS(0, 0)
#if CLIENTS == 2
    CLIENT(1)
    CONNECTION(0, 1)
#endif
#if MANAGERS == 2
    CONNECTION(1, 0)
    CONNECTION(1, 1)
    :: d_step { !up[1] -> import_starts(1, 1) }
    :: d_step { !up[1] -> import_starts(1, 3) }
    :: d_step { up[1] && !granted[1] && !fenced[1] && quiet[1] == FOREVER && epoch[1] + 2 <= EPOCH_MOST -> import_restarts(1) }
#endif
    :: d_step { !up[0] -> manager_starts(0) }
    STOPS(0)
    od
}
