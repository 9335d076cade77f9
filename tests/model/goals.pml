/* What has to be reachable, so that the model is not true for want of runs. STORY moves `story`, REACHED is what spin has to get to. */

#if GOAL == 1 /* both clients hold grants above 0 */
#define STORY 0
#define REACHED (cl[0].lease > 0 && cl[0].offer > 0 && cl[1].lease > 0 && cl[1].offer > 0)
#endif

#if GOAL == 2 /* a grant is cut, the cut is confirmed and settles, and another client is raised while the lease of the first goes on */
#define STORY (cl[0].lease > 0 && cl[0].offer == 2 -> 1 : (cl[0].lease == 0 -> 0 : story))
#define REACHED (story == 1 && cl[0].board == 1 && cl[0].offer == 1 && cl[1].lease > 0 && cl[1].offer == 1)
#endif

#if GOAL == 3 /* a client draws its fallback where another one has held a grant */
#define STORY (cl[1].offer == 1 -> 1 : story)
#define REACHED (story == 1 && cl[0].lease == 0 && cl[0].board == 1 && up[0])
#endif

#if GOAL == 4 /* a client that holds a grant is renewed by the manager's next life before all are known, and never offers less */
#define STORY (cl[0].offer == 0 -> 0 : (story == 1 && !up[0] -> 2 : (story == 0 && cl[0].offer == 1 -> 1 : story)))
#define REACHED (story == 2 && quiet[0] > 0 && lg[0].newest == 1 && lg[0].base == 0 && cl[0].lease == CLIENT_LEASE && !w[0].grant)
#endif

#if GOAL == 5 /* after a restart a client is raised although another one was never heard */
#define STORY (cl[0].offer == 1 -> 1 : (story == 1 && !up[0] -> 2 : story))
#define REACHED (story == 2 && cl[1].offer == 1 && lg[0].known == RELEASED)
#endif

#if GOAL == 6 /* a lowered fallback is stored and acknowledged, then the larger one again */
#define STORY (cl[0].fallback == 0 && lg[0].fallback == 0 -> 1 : story)
#define REACHED (story == 1 && cl[0].fallback == 1 && lg[0].fallback == 1 && !lg[0].asking && cl[0].board == 1 && cl[0].lease == 0)
#endif

#if GOAL == 7 /* a client that held a grant of the first manager holds one of the second */
#define STORY (cl[0].obeys == 2 && cl[0].offer == 1 -> 1 : story)
#define REACHED (story == 1 && (cl[0].obeys & 1) == 1 && cl[0].offer == 1)
#endif

#if GOAL == 8 /* a manager that has granted stops because it met another epoch */
#define STORY 0
#define REACHED (fenced[0] && granted[0] && fenced[1] == 0 && cl[0].offer == 1 && (cl[0].obeys & 1) == 1)
#endif
