/*
 * The mailbox protocol, small enough that spin visits every interleaving.
 *
 * WHAT IS MODELLED. Threads of the program ask, a supervisor answers, a background
 * thread of the supervisor sleeps on the doorbell. What is one access to shared memory
 * in the assembly or in the mailbox module is one step here (steps that touch only
 * what one party can see are joined), and between two steps anybody may act or be
 * killed. Memory is sequentially consistent here. On amd64 that is enough: there a
 * store is late only for a *later load of the same party*, and the protocol has two places
 * where a store is followed by a load that matters (set summary, read sleeping; set
 * sleeping, read summary). Both stores are locked instructions, hence full barriers.
 * Another processor must give both the sequentially consistent forms, and a release
 * must not let the reads before it pass.
 *
 * THE PROTOCOL, as its parties must follow it.
 *
 *   CLAIM     dead? -> kernel. Test and set `claimed` of a slot. All taken: look at `dead`
 *             and `owner`, try the next.
 *   ASK       store the registers; state = ASKED; set the pending bit; set the summary
 *             bit; sleeping != 0? -> doorbell += 1, FUTEX_WAKE(doorbell). Every asker
 *             that sees sleeping rings; only the supervisor writes it.
 *   WAIT      spin on state; CAS(state, ASKED -> ASLEEP), failed: answered;
 *             FUTEX_WAIT(state, ASLEEP, 1 s). After EVERY return: no longer ASLEEP ->
 *             answered; owner died -> CAS(state -> WITHDRAWN), failed: answered;
 *             neither -> FUTEX_WAIT again.
 *   INTERRUPT a FUTEX_WAIT that ended with EINTR, nothing answered: interrupted = 1 unless it is 1 already;
 *             set the pending bit and the summary bit, ring as in ASK; go on as after every return.
 *   RETURN    read the result, clear `claimed`.
 *   CONTINUE  read the registers, clear `claimed`, THEN enter the kernel.
 *   RUN       make the call, store its result, reported = 1, ASK again in the same slot.
 *             `reported` may say so only when the call that ran was the program's own;
 *             one that the supervisor made it run besides (a dup, a copy) does not count.
 *   WITHDRAW  Where the supervisor's death is the program's (DEADLY): the process ends. Else
 *             dead = 1; reported -> return that result; otherwise make the call.
 *
 *   DRAIN     xchg(summary, 0); for each word xchg(pending, 0); for each bit whose slot
 *             is ASKED or ASLEEP: take it; answer now or later. One that is taken already and not
 *             told to run anything: only look at `interrupted`. A bit may be left from an earlier
 *             holder's INTERRUPT, and a question be taken before its own bit is set. In either case:
 *             interrupted -> take note, interrupted = 0.
 *   ANSWER    store verdict and result; old = xchg(state, ANSWERED);
 *             old == ASLEEP -> FUTEX_WAKE(state).
 *   SLEEP     v = doorbell; sleeping = 1; barrier; summary != 0 -> sleeping = 0, DRAIN.
 *             Otherwise nap: FUTEX_WAIT(doorbell, v) itself, for some milliseconds, unless
 *             a later answer is being worked on. Or have a background thread do FUTEX_WAIT
 *             (doorbell, v) and tell the event loop. Never both, for a ring wakes one.
 *             Then sleeping = 0, DRAIN. Other events of the event loop (an answer that
 *             comes later, the sweep's timer) need not drain.
 *   SWEEP     a question that was taken and not ended, whose thread is gone: forget the answer
 *             that was to come, clear its pending bit, state = FREE, `claimed` = 0.
 *   LEAVE     (an orderly end) its end is nobody's death any more; dead = 1; DRAIN, and answer what is reported with its
 *             result and everything else with "continue"; THEN mark `owner`. The thread that
 *             answers is the thread that holds `owner`, so nobody is answered once
 *             the mark is there, however the supervisor ends.
 *
 * WHAT MAY HAPPEN AT ANY STEP. A thread is killed. The supervisor is killed; the mark comes
 * some time after its last step. A signal ends a FUTEX_WAIT; its handler may ask too, in a
 * second slot. A vfork parent is blocked until its child is done. A nap ends without a ring.
 *
 * WHAT IS CHECKED.
 *   - no lost wake-up: every thread ends, without timeouts while the supervisor lives (the
 *     1 s exists here only after its death) and without help from its timers (the sweep and
 *     a later answer do not drain here): no invalid end states, and
 *     `everybodyEnds` under weak fairness with endless signals
 *   - a slot has one holder: `holder`
 *   - an answer reaches the question it was made for, once: `question`, `answerTo`
 *   - an answer that was given is taken: the assertion in withdraw
 *   - the program's call is made at most once, and a result that was reported is returned
 *   - while the supervisor lives nothing stays claimed (`Final`), but the slot of a thread that
 *     was killed while its question was not yet, or no longer, the supervisor's
 *
 * WHAT THE MODEL TAUGHT US: drafts of the protocol did each of these.
 *   BUG_RINGER_CLEARS_SLEEPING  a thread that did xchg(sleeping, 0) and was killed, or
 *     stopped, before its FUTEX_WAKE: the supervisor asleep, and nobody else rings
 *   BUG_DOORBELL_READ_LATE  v is read when the wait begins, not before sleeping = 1: a ring
 *     between is lost
 *   BUG_SWEEP_KEEPS_LATER  a later answer for a dead thread goes to the slot's next holder
 *   BUG_SWEEP_KEEPS_PENDING  the next holder's question is taken twice
 *   BUG_LEAVE_MARKS_FIRST  a thread withdraws, another claims its slot, and gets the answer
 *   BUG_LEAVE_CONTINUES_ALL  a call that was made and reported is made again
 *   BUG_REPORT_OTHER  after the supervisor's death another call's result is returned for the
 *     program's call
 *   BUG_INTERRUPT_IS_QUESTION  every bit of a waiting slot is a question: it is taken twice
 *   BUG_INTERRUPT_OVERLOOKED  the bits of a question and of its INTERRUPT are found as one
 *   BUG_INTERRUPTED_LATE  the flag is set behind the bits: nobody takes note of it
 *   EXHAUSTED  (not mended; 16,384 slots make it a theory) every slot is held by a waiting
 *     thread whose signal handler wants a second one: nobody moves
 *
 * NOT MODELLED, to be kept by argument: siglongjmp out of a waiting call; fork inside a
 * signal handler that interrupted a waiting call (parent and child share the outer slot); thread
 * ids that are used again, or mean something else in another pid namespace.
 */

#ifndef SLOTS
#define SLOTS 2
#endif
#ifndef THREADS
#define THREADS 2               /* ordinary threads: 0 .. THREADS-1 */
#endif
#ifndef CALLS
#define CALLS 1                 /* how many calls each of them makes */
#endif
/* DEADLY: the supervisor's death is the program's. KILL_THREAD (AFTERWARDS: not before the supervisor), KILL_SUPERVISOR, LEAVE: who may end
 * early. NAPS: the supervisor may nap; one nap may end by time. SIGNALS: any FUTEX_WAIT may
 * be interrupted, again and again (for LIVENESS: a safety run would take the signal for
 * a wake-up). INTERRUPTS: one FUTEX_WAIT of each thread may be, and the supervisor is told; while it is asleep no
 * later answer comes before it has taken note. HANDLER: a party more, whose call runs inside a waiting call of thread 0;
 * HANDLERS: of both threads. VFORK: a party more, the child of thread 0, whose call is
 * a vfork. Policy: NO_RUN, OTHERS (RUN_OTHER, too). */

#if defined(HANDLERS)
#define PARTIES (THREADS + 2)
#elif defined(HANDLER) || defined(VFORK)
#define PARTIES (THREADS + 1)
#else
#define PARTIES THREADS
#endif
#define PARENT(party) (party - THREADS)     /* of an extra party: whose handler or child it is */

#define FREE      0             /* of a slot: state; in memory anything but ASKED and ASLEEP */
#define ASKED     1
#define ANSWERED  2
#define ASLEEP    3
#define WITHDRAWN 4

#define RETURN    0             /* verdicts */
#define CONTINUE  1
#define RUN       2             /* make the program's own call and report */
#define RUN_OTHER 3             /* make another call and report */

/* ---- shared memory ---------------------------------------------------------------- */
bit claimed[SLOTS];
byte pending;                   /* one word, a bit per slot */
bit summary;                    /* one word, a bit per pending word: here one */
bit sleeping;
bit doorbell;                   /* doorbell - v: has it moved since v was read? */
bit ownerDied;                  /* the mark in `owner` */
bit dead;
#ifdef DEADLY
bit deadly = 1;
#define MAY_GO_ON assert(leaving)       /* alone, that is: nobody has answered */
#else
#define MAY_GO_ON skip
#endif
byte state[SLOTS];
byte verdict[SLOTS];
bit reported[SLOTS];
bit interrupted[SLOTS];

/* ---- the kernel ------------------------------------------------------------------- */
byte waitsOn[PARTIES];          /* slot + 1 in whose futex queue the thread is, or 0 */
bit bellWaits;                  /* somebody is in the doorbell's queue */
bit killed[PARTIES];
bit ended[PARTIES];
bit halted;                     /* the supervisor takes no further step */
bit signalled[PARTIES];         /* its one FUTEX_WAIT was interrupted */
bit started[PARTIES];           /* of an extra party: its signal came, its vfork was made */

/* ---- the supervisor's own memory -------------------------------------------------- */
bit armed;                      /* a background wait has been asked for */
bit told;                       /* it has ended */
byte taken[SLOTS];              /* 0, or 1 + the question that was taken and has not ended */
bit running[SLOTS];             /* it has been told to run a call */
byte bits;                      /* of the pending word, not looked at yet */
byte old;                       /* what xchg(state) gave */
byte v;                         /* the verdict */
bit now;
bit leaving;
#ifdef NAPS
bit patience = 1;               /* a nap may still end by time */
#endif

/* ---- ghosts: seen by assertions only ---------------------------------------------- */
byte holder[SLOTS];             /* party + 1 */
byte question[SLOTS];           /* 1 + (party, call, round): what stands in the slot's registers */
byte answerTo[SLOTS];           /* for which of them the answer was made */

#define BIT(s) (1 << (s))
#define QUESTION(party, call, round) (1 + ((party << 4) | (call << 2) | round))
#define ROUND(q) (((q) - 1) & 3)
#define ASKER(q) (((q) - 1) >> 4)

#if defined(HANDLER) || defined(HANDLERS)
#define THREAD(party) ((party) >= THREADS -> PARENT(party) : (party))   /* a handler is its thread */
#else
#define THREAD(party) (party)
#endif

#ifdef KILL_THREAD
#define UNLESS_KILLED unless { d_step { killed[THREAD(me)] && !ended[me] -> waitsOn[me] = 0; ended[me] = 1 } }
#else
#define UNLESS_KILLED
#endif
#if defined(KILL_SUPERVISOR) || defined(LEAVE)
#define UNLESS_HALTED unless { halted }
#else
#define UNLESS_HALTED
#endif

/* ---- a thread of the program ------------------------------------------------------ */

inline claim(slot) {
  claimed[slot] = 1;
  assert(holder[slot] == 0);
  holder[slot] = me + 1;
  s = slot
}

inline release() {              /* the last thing that is done to the slot */
  d_step {
    claimed[s] = 0;
    holder[s] = 0; question[s] = 0; answerTo[s] = 0;
    state[s] = FREE; verdict[s] = 0; reported[s] = 0; interrupted[s] = 0;   /* only so that states are equal */
    s = SLOTS
  }
}

proctype Caller(byte me) {
  byte s = SLOTS;               /* the slot, SLOTS: none */
  byte call = 0;
  byte round = 0;
  byte made = 0;                /* how often the program's call was made */
  byte result = 0;              /* whose result `reported` is about: 1 the call's, 2 another's */
  bit go = 0;                   /* the verdict was CONTINUE */
  bit saw = 0;

  {
    if
    :: me < THREADS
    :: me >= THREADS ->
       if
       :: started[me]
       :: !started[me] && ended[PARENT(me)] -> goto finished
       fi
    fi;

  next:
    if
    :: dead -> goto kernel
    :: else
    fi;

    if                          /* claim: lock bts */
    :: atomic { !claimed[0] -> claim(0) }
#if SLOTS > 1
    :: atomic { claimed[0] && !claimed[1] -> claim(1) }
#endif
#ifndef BUG_CLAIM_IGNORES_DEATH
#ifdef DEADLY
    :: atomic { claimed[0] && claimed[SLOTS - 1] && ownerDied && !dead && deadly -> goto finished }
    :: atomic { claimed[0] && claimed[SLOTS - 1] && ownerDied && !dead && !deadly -> goto kernel }
    :: atomic { claimed[0] && claimed[SLOTS - 1] && dead -> goto kernel }
#else
    :: atomic { claimed[0] && claimed[SLOTS - 1] && (ownerDied || dead) -> goto kernel }
#endif
#endif
    fi;

  ask:
    atomic {                    /* registers, then state: in order */
#ifdef BUG_READS_SLEEPING_EARLY
      saw = sleeping;
#endif
      question[s] = QUESTION(me, call, round); answerTo[s] = 0;
      state[s] = ASKED
    };
#ifdef BUG_SUMMARY_FIRST
    summary = 1;
    pending = pending | BIT(s);
#else
    pending = pending | BIT(s);                             /* lock bts */
    summary = 1;                                            /* lock bts, a barrier */
#endif
    if
#if defined(BUG_READS_SLEEPING_EARLY)
    :: saw -> saw = 0; doorbell = 1; bellWaits = 0
#elif defined(BUG_RINGER_CLEARS_SLEEPING)
    :: atomic { sleeping -> sleeping = 0 }; doorbell = 1; bellWaits = 0
#else
    :: sleeping -> doorbell = 1; bellWaits = 0              /* lock inc; FUTEX_WAKE */
#endif
    :: else
    fi;

    if                          /* wait: to spin is to be slow here */
    :: atomic { state[s] == ASKED -> state[s] = ASLEEP }    /* CAS */
    :: else -> goto answered
    fi;

  sleep:
    if                          /* FUTEX_WAIT */
    :: atomic { state[s] == ASLEEP -> waitsOn[me] = s + 1 }
    :: else -> goto answered
    fi;
    if
    :: waitsOn[me] == 0         /* woken */
    :: atomic { (ownerDied || halted) && waitsOn[me] != 0 -> waitsOn[me] = 0 }  /* 1 s has passed */
#ifdef SIGNALS
    :: atomic { waitsOn[me] != 0 -> waitsOn[me] = 0 };      /* EINTR */
#ifdef BUG_EINTR_IGNORES_DEATH
       goto sleep
#endif
#endif
#ifdef INTERRUPTS
    :: atomic { waitsOn[me] != 0 && !signalled[me] -> waitsOn[me] = 0; signalled[me] = 1 };     /* EINTR */
       if
       :: state[s] != ASLEEP -> goto answered
       :: else
       fi;
#ifndef BUG_INTERRUPTED_LATE
       interrupted[s] = 1;
#endif
       pending = pending | BIT(s);
       summary = 1;
       if
       :: sleeping -> doorbell = 1; bellWaits = 0
       :: else
       fi
#ifdef BUG_INTERRUPTED_LATE
       ; interrupted[s] = 1
#endif
#endif
#if defined(HANDLER) || defined(HANDLERS)
    :: atomic {
         me < PARTIES - THREADS && waitsOn[me] != 0 && !started[THREADS + me] ->
         waitsOn[me] = 0; started[THREADS + me] = 1
       };
       ended[THREADS + me]      /* the handler runs */
#endif
    fi;
    if
    :: state[s] != ASLEEP -> goto answered
    :: else
    fi;
    if
    :: ownerDied
    :: else -> goto sleep
    fi;

    if                          /* withdraw: CAS */
#ifdef BUG_WITHDRAW_WITHOUT_CAS
    :: d_step { state[s] = WITHDRAWN; assert(answerTo[s] == 0) }
#else
    :: d_step { state[s] == ASLEEP -> state[s] = WITHDRAWN; assert(answerTo[s] == 0) }
    :: else -> goto answered
#endif
    fi;
#if defined(DEADLY) && !defined(BUG_WITHDRAWN_GOES_ON)
    if
    :: deadly -> goto finished
    :: else
    fi;
#endif
    dead = 1;
    atomic {
      if
#ifndef BUG_RUNS_AGAIN
      :: reported[s] -> assert(result == 1)
#endif
      :: else -> go = 1; MAY_GO_ON
      fi
    };
    release();
    goto leave;

  answered:
    atomic {
#ifdef BUG_READS_AFTER_RELEASE
      if :: verdict[s] < RUN -> saw = 1 :: else fi
    };
    if
    :: d_step { saw -> claimed[s] = 0; holder[s] = 0; saw = 0 }
    :: else
    fi;
    atomic {
#else
      assert(state[s] == ANSWERED && holder[s] == me + 1);
#endif
      assert(answerTo[s] == QUESTION(me, call, round));
      if
      :: verdict[s] == RETURN
      :: verdict[s] == CONTINUE -> go = 1
      :: verdict[s] == RUN ->
         made++; assert(made == 1);
         reported[s] = 1; result = 1; round++;
         goto ask
      :: verdict[s] == RUN_OTHER ->
#ifdef BUG_REPORT_OTHER
         reported[s] = 1; result = 2;
#endif
         round++;
         goto ask
      fi
    };
#ifdef BUG_CONTINUE_KEEPS_SLOT
    if :: go :: else -> release() fi;
#elif !defined(BUG_READS_AFTER_RELEASE)
    release();
#endif
    goto leave;

  kernel:
    go = 1; MAY_GO_ON;

  leave:
    atomic {
      if
      :: go -> made++; assert(made == 1)
      :: else
      fi;
#ifdef VFORK
      if
      :: go && me == 0 && !started[THREADS] -> started[THREADS] = 1; ended[THREADS]     /* blocked */
      :: else
      fi;
#endif
#ifdef BUG_CONTINUE_KEEPS_SLOT
      if
      :: s != SLOTS -> release()
      :: else
      fi;
#endif
      go = 0; s = SLOTS; made = 0; round = 0; result = 0; call++;
      if
      :: call < CALLS && me < THREADS -> goto next
      :: else -> call = 0
      fi
    };
  finished:
    ended[me] = 1
  } UNLESS_KILLED
}

/* ---- the supervisor --------------------------------------------------------------- */

inline futexWake(s) {           /* FUTEX_WAKE(state of s, 1): a slot has one waiter */
  d_step {
    old = 0;
    do
    :: old < PARTIES && waitsOn[old] == s + 1 -> waitsOn[old] = 0; old++
    :: old < PARTIES && waitsOn[old] != s + 1 -> old++
    :: old == PARTIES -> break
    od;
    old = 0
  }
}

/* What was made is not made again. vfork, fork and clone are never run: they return twice. */
#if defined(NO_RUN)
#define MAY_RUN(s) false
#elif defined(VFORK)
#define MAY_RUN(s) (!reported[s] && ASKER(taken[s]) == THREADS)
#else
#define MAY_RUN(s) (!reported[s] && ASKER(taken[s]) == 0)   /* of one thread: fewer states */
#endif

inline answer(s) {              /* a taken question, at once or later */
  atomic {
    if                          /* the policy */
    :: !leaving || reported[s] -> v = RETURN
#ifdef BUG_LEAVE_CONTINUES_ALL
    :: leaving -> v = CONTINUE
#endif
    :: !reported[s] -> v = CONTINUE
    :: !leaving && MAY_RUN(s) -> v = RUN
#ifdef OTHERS
    :: !leaving && ROUND(taken[s]) < 2 && ASKER(taken[s]) == 0 -> v = RUN_OTHER
#endif
    fi;
#ifdef BUG_ANSWER_BY_STORE
    old = state[s]
  };
  atomic {
#else
    old = state[s];             /* xchg */
#endif
#ifndef BUG_LEAVE_MARKS_FIRST
    assert(old == ASKED || old == ASLEEP);
#endif
    verdict[s] = v; state[s] = ANSWERED; answerTo[s] = taken[s];
    if
    :: v < RUN -> taken[s] = 0; running[s] = 0
    :: else -> running[s] = 1
    fi;
    v = 0
  };
  if
  :: old == ASLEEP -> futexWake(s)
  :: else -> old = 0
  fi
}

/* held by a thread that was killed, and the supervisor knows nothing of it */
#ifdef KILL_THREAD
#define LOST(s) (holder[s] != 0 && killed[THREAD(holder[s] - 1)] && !taken[s])
#else
#define LOST(s) false
#endif
#define WAITS(s) (state[s] == ASKED || state[s] == ASLEEP)
#define LATER(s) (taken[s] && !running[s])
/* A later answer may hang on the other threads' questions: while the supervisor is asleep
 * it comes only when each of those is taken, so that it hides no lost wake-up. */
#define LET_GO(s) (!WAITS(s) || LATER(s) || LOST(s))
#define NOTED(s) (!interrupted[s] || LOST(s))
#define ALL_TAKEN (LET_GO(0) && LET_GO(SLOTS - 1) && NOTED(0) && NOTED(SLOTS - 1))

inline take(s) {
  if
  :: bits & BIT(s) ->
     if
#ifdef INTERRUPTS
     :: d_step {
          WAITS(s) && taken[s] && !running[s] ->
          assert(taken[s] == question[s]);
          interrupted[s] = 0        /* noted */
        }
#define TAKEN(s) (taken[s] && !running[s])
#else
#define TAKEN(s) false
#endif
#ifdef BUG_INTERRUPT_IS_QUESTION
#undef TAKEN
#define TAKEN(s) false
#endif
     :: atomic {
          WAITS(s) && !TAKEN(s) ->
          assert(!taken[s] || (running[s] && ASKER(taken[s]) == ASKER(question[s])));
          taken[s] = question[s]; running[s] = 0;
#ifndef BUG_INTERRUPT_OVERLOOKED
          interrupted[s] = 0;       /* its bit and the question's may be found as one */
#endif
          if :: now = 1 :: !leaving fi
        };
        if
        :: now -> now = 0; answer(s)
        :: else
        fi
     :: else                    /* withdrawn, or its thread died */
     fi
  :: else
  fi
}

inline drain() {
  if
#ifdef BUG_SUMMARY_CLEARED_LATE
  :: summary
#else
  :: atomic { summary -> summary = 0 }                      /* xchg */
#endif
     ;
#ifdef BUG_PENDING_WITHOUT_XCHG
     bits = pending;
     pending = 0;
#else
     d_step { bits = pending; pending = 0 };                /* xchg */
#endif
     take(0);
#if SLOTS > 1
     take(1);
#endif
     bits = 0;
#ifdef BUG_SUMMARY_CLEARED_LATE
     summary = 0
#endif
  :: else
  fi
}

#ifdef KILL_THREAD
#define ORPHAN(s) (taken[s] && killed[THREAD(ASKER(taken[s]))])
#else
#define ORPHAN(s) false
#endif

inline sweep(s) {
#ifndef BUG_SWEEP_KEEPS_LATER
  d_step { taken[s] = 0; running[s] = 0 };
#endif
#ifndef BUG_SWEEP_KEEPS_PENDING
  pending = pending & (255 ^ BIT(s));                       /* lock and */
#endif
  state[s] = FREE;
  d_step {
    claimed[s] = 0;
    holder[s] = 0; question[s] = 0; answerTo[s] = 0; verdict[s] = 0; reported[s] = 0; interrupted[s] = 0
  }
}

proctype Supervisor() {
  {
    true;
  awake:
    sleeping = 0;
  again:
    drain();
    if
    :: !leaving
    :: else -> goto left
    fi;
#ifndef BUG_DOORBELL_READ_LATE
    doorbell = 0;               /* v = doorbell */
#endif
#ifdef BUG_SLEEPS_AFTER_LOOKING
    if :: summary -> goto again :: else fi;
    sleeping = 1;
#else
    sleeping = 1;                                           /* xchg, a barrier */
    if :: summary -> goto awake :: else fi;
#endif
#ifdef NAPS
    if                          /* not while somebody works on an answer: it would wait, too */
    :: !LATER(0) && !LATER(SLOTS - 1) ->
       if
       :: atomic { doorbell == 0 -> bellWaits = 1 }
       :: else -> goto awake
       fi;
  end_napping:
       if
       :: !bellWaits
       :: atomic { patience && bellWaits -> patience = 0; bellWaits = 0 }
       fi;
       goto awake
    :: true
    fi;
#endif
    armed = 1;

  end_asleep:
    if
    :: atomic { told -> told = 0; goto awake }
    :: LATER(0) && ALL_TAKEN -> answer(0); goto end_asleep
#if SLOTS > 1
    :: LATER(1) && ALL_TAKEN -> answer(1); goto end_asleep
#endif
    :: ORPHAN(0) -> sweep(0); goto end_asleep
#if SLOTS > 1
    :: ORPHAN(1) -> sweep(1); goto end_asleep
#endif
#ifdef LEAVE
#ifdef DEADLY
    :: atomic { leaving = 1; deadly = 0 };
       dead = 1;
#else
    :: atomic { leaving = 1; dead = 1 };
#endif
#ifdef BUG_LEAVE_MARKS_FIRST
       ownerDied = 1;
#endif
       goto again
#endif
    fi;
  left:
    ownerDied = 1;
    halted = 1
  } UNLESS_HALTED
}

proctype Doorbell() {           /* the supervisor's background thread */
  {
    true;
  end_idle:
    atomic { armed -> armed = 0 };
#ifdef BUG_DOORBELL_READ_LATE
    doorbell = 0;               /* v = doorbell */
#endif
    if                          /* FUTEX_WAIT */
    :: atomic { doorbell == 0 -> bellWaits = 1 }
    :: else -> goto rung
    fi;
  end_waiting:
    !bellWaits;
  rung:
    told = 1;
    goto end_idle
  } UNLESS_HALTED
}

/* ---- what may happen -------------------------------------------------------------- */

#ifdef KILL_THREAD
proctype ThreadKiller() {
#ifdef AFTERWARDS
  end_too_early: halted;
#endif
  if
  :: killed[0] = 1
#ifdef VFORK
  :: killed[THREADS] = 1
#endif
  :: true
  fi
}
#endif

#ifdef KILL_SUPERVISOR
proctype SupervisorKiller() {
  if
  :: d_step {                   /* its own memory is gone with it: fewer states */
       halted = 1;
       told = 0; armed = 0; doorbell = 0; bellWaits = 0; bits = 0; old = 0; v = 0; now = 0;
       taken[0] = 0; taken[SLOTS - 1] = 0; running[0] = 0; running[SLOTS - 1] = 0
     };
     ownerDied = 1              /* the kernel goes through the dead thread's robust list */
  :: true
  fi
}
#endif

#define SETTLED(s) (!claimed[s] || halted || LOST(s))

proctype Final() {
  byte p = 0;
  do
  :: atomic { p < PARTIES && ended[p] -> p++ }
  :: p == PARTIES -> break
  od;
  SETTLED(0) && SETTLED(SLOTS - 1)
}

init {
  atomic {
    byte p = 0;
    do
    :: p < PARTIES -> run Caller(p); p++
    :: else -> break
    od;
    run Supervisor();
    run Doorbell();
#ifdef KILL_THREAD
    run ThreadKiller();
#endif
#ifdef KILL_SUPERVISOR
    run SupervisorKiller();
#endif
    run Final()
  }
}

#ifdef LIVENESS
ltl everybodyEnds { <> (ended[0] && ended[1] && ended[PARTIES - 1]) }
#endif
