/* Two-phase commit: Gray and Lamport, Consensus on Transaction Commit (2006), as TwoPhase.tla.
 *
 * N, at most 9, is set when this is compiled. A set of resource managers is a number with a bit for
 * each; what is said is never taken back, so that hearing it again is a step, too. Every option is
 * one step of the specification. There is one process, so that Spin stores little besides these
 * numbers, and what follows from others is not stored: a resource manager is working if it is in
 * none of the three sets, and the transaction manager has decided once it has said what. */

#define ALL ((1 << N) - 1)

short prepared, committed, aborted;  /* how far resource managers are */
short said;                          /* those who have said that they are prepared */
short known;                         /* those of whom the transaction manager knows it */
bit commit, abort;                   /* what the transaction manager has said */

#define WORKING(r) (((prepared | committed | aborted) & (1 << r)) == 0)
#define IN(set, r) ((set & (1 << r)) != 0)
#define ADD(set, r) set = set | (1 << r)
#define TAKE(set, r) set = set & ~(1 << r)

#define RESOURCE(r) \
    :: d_step { WORKING(r) -> ADD(prepared, r); ADD(said, r) } \
    :: d_step { WORKING(r) -> ADD(aborted, r) } \
    :: d_step { !commit && !abort && IN(said, r) -> ADD(known, r) } \
    :: d_step { commit -> TAKE(prepared, r); TAKE(aborted, r); ADD(committed, r); \
                assert(!(committed && aborted)) } \
    :: d_step { abort -> TAKE(prepared, r); TAKE(committed, r); ADD(aborted, r); \
                assert(!(committed && aborted)) }

active proctype System()
{
    do
    :: d_step { !commit && !abort && known == ALL -> commit = 1 }
    :: d_step { !commit && !abort -> abort = 1 }
    RESOURCE(0)
#if N > 1
    RESOURCE(1)
#endif
#if N > 2
    RESOURCE(2)
#endif
#if N > 3
    RESOURCE(3)
#endif
#if N > 4
    RESOURCE(4)
#endif
#if N > 5
    RESOURCE(5)
#endif
#if N > 6
    RESOURCE(6)
#endif
#if N > 7
    RESOURCE(7)
#endif
#if N > 8
    RESOURCE(8)
#endif
    od
}
