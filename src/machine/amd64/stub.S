# The part of elsewhere that lives in the hooked program, for amd64.
#
# Four pieces, all position independent:
#
#   bootstrap   the program's new entry point. Maps the mailbox that the environment
#               names, says hello, takes its own traces out of the environment and
#               jumps to the program's entry with every register as it was. With no
#               mailbox named, or none to be had, it changes nothing.
#   thunk       a template, copied once per site. The bytes in front of the SYSCALL are
#               a jump to it; it starts with the instructions they were (the hole
#               `thunk`), asks the class table, and for a call nobody asked for jumps
#               back to the SYSCALL, which has not moved.
#   ask         the slow path all thunks share: store the registers in a slot, ring,
#               wait, do as told.
#   watch       the way of calls that somebody only wants to see: the thread makes the call,
#               writes it to its slot's journal and goes on; nobody answers.
#
# Registers at a site are the kernel's: number in eax (the kernel looks at the low 32
# bits only, and so do we), arguments in rdi rsi rdx r10 r8 r9. SYSCALL destroys rcx
# and r11, so these two are ours; everything else goes back as it came. The stack
# is not touched: a goroutine may have none left. Flags are free: at a site they are
# dead in every known program, for compilers know that calls do not keep them.
#
# The proof, in the order of the writes (x86-64 keeps stores in order; a locked
# instruction is a full barrier; see model/mailbox.pml for the exhaustive version):
#
#  1. A slot belongs to the thread whose `lock bts` found `claimed` clear, until that
#     thread clears it. Nobody else writes its registers but, between asked and
#     answered, the supervisor.
#  2. Registers are stored, then state=asked, then the pending bit, then the summary
#     bit (both locked). The supervisor clears in the opposite order, summary first, so
#     a bit set too late for one round is found in the next.
#  3. After the summary bit the thread reads `sleeping`; before it sleeps the supervisor
#     sets `sleeping`, then reads the summary. One of the two sees the other. Every thread
#     that sees it rings, and only the supervisor clears it: a thread that cleared it
#     and was killed before it rang would leave the others waiting.
#  4. A thread goes to sleep only by turning asked into askedAsleep in one step; the
#     supervisor answers by an exchange, so it knows whether somebody must be woken. FUTEX_WAIT
#     compares again inside the kernel.
#  5. FUTEX_WAIT ends by an answer, a signal or the timeout. Before each the thread looks at
#     `owner`; the kernel marks it when the supervisor dies. Withdrawing the question is
#     one step too: an answer that was already there wins.
#     That a handler has run is told like a question, with the state as it is: `interrupted`, then the bits.
#     The answer may come in between, and the slot be another's when its bits are found. So a bit is a hint: the
#     supervisor takes what is asked and not yet taken, and of what it has taken reads `interrupted`.
#     Where the header says so the process ends instead of going on; an orderly supervisor
#     takes that back before it sets `dead` and marks `owner`.
#  6. "continue" clears `claimed` before the call: a thread in the kernel holds nothing.
#  7. A journal belongs to whoever holds its slot. An entry is whole before `written` moves
#     behind it, `written` moves before the watched bit is set (locked); the supervisor
#     clears the bit first, then reads `written`. Of a thread that dies before, nothing stands
#     in front of `written`. After the watched bit the thread reads `listening`; the supervisor
#     sets `listening`, then looks at the bits once more. Who takes `listening` and dies before it rings
#     delays the supervisor until it looks by itself, once a second.

.intel_syntax noprefix
.include "layout.inc"

.set SYS_open, 2
.set SYS_close, 3
.set SYS_mmap, 9
.set SYS_mprotect, 10
.set SYS_munmap, 11
.set SYS_rt_sigprocmask, 14
.set SYS_sched_yield, 24
.set SYS_getpid, 39
.set SYS_kill, 62
.set SYS_gettid, 186
.set SYS_futex, 202
.set SYS_exit_group, 231
.set FUTEX_WAIT, 0
.set FUTEX_WAKE, 1
.set O_RDWR_CLOEXEC, 02000002
.set PROT_READ_WRITE, 3
.set MAP_SHARED, 1
.set MAP_PRIVATE_ANONYMOUS, 0x22
.set EINTR, 4
.set EINVAL, 22
.set SIGKILL, 9
.set PAGE, 4096
.set LOWEST_ADDRESS, 0x10000                # vm.mmap_min_addr; flags of fcntl are below, and not worth a fault
.set CPU_SEGMENT, 0x7b
.set AT_NULL, 0
.set AT_IGNORE, 1
.set AT_EXECFN, 31

# Claims a slot. In: r11 = mailbox. Out: rcx = slot. Changes nothing else but flags.
# First those of the processor that the thread runs on: they are in its caches. Linux
# keeps the processor's number where the vDSO's getcpu finds it, as the limit of segment
# CPU_SEGMENT (arch/x86/include/asm/vdso/processor.h); where there is none, any number will do.
# Then from a place that the stack pointer tells, one after another, until one is
# free: there is no register left to sleep with.
.macro CLAIM gone
    mov ecx, CPU_SEGMENT
    lsl ecx, ecx
    and ecx, 0xfff
    imul ecx, ecx, SLOTS_PER_PROCESSOR * SLOT_SIZE
76: and ecx, [r11 + HEADER_FIRST_MASK]
    lock bts dword ptr [r11 + rcx + SLOTS + SLOT_CLAIMED], 0
    jnc 78f
    add ecx, SLOT_SIZE
    test ecx, SLOTS_PER_PROCESSOR * SLOT_SIZE - 1
    jnz 76b
    mov rcx, rsp
    shr rcx, 3                              # (rsp / 2 KiB) × slot size
    and ecx, [r11 + HEADER_FIRST_MASK]
77: lock bts dword ptr [r11 + rcx + SLOTS + SLOT_CLAIMED], 0
    jnc 78f
    pause
    cmp dword ptr [r11 + HEADER_DEAD], 0
    jne \gone
    test dword ptr [r11 + HEADER_OWNER], OWNER_DIED
    jz 79f
    cmp dword ptr [r11 + HEADER_DEADLY], 0
    jne end_process
    jmp \gone
79: add ecx, SLOT_SIZE
    and ecx, [r11 + HEADER_SLOT_MASK]
    jmp 77b
78: lea rcx, [r11 + rcx + SLOTS]
.endm

# Gives the thread back what it came with. In: rbx = slot. Out: rcx = slot.
.macro RESTORE
    mov rcx, rbx
    mov rdi, [rcx + SLOT_SAVED + 8]
    mov rsi, [rcx + SLOT_SAVED + 16]
    mov rdx, [rcx + SLOT_SAVED + 24]
    mov r10, [rcx + SLOT_SAVED + 32]
    mov r8, [rcx + SLOT_SAVED + 40]
    mov r9, [rcx + SLOT_SAVED + 48]
    mov rbp, [rcx + SLOT_SAVED + 64]
    mov r12, [rcx + SLOT_SAVED + 72]
    mov r13, [rcx + SLOT_SAVED + 80]
    mov r15, [rcx + SLOT_SAVED + 88]
    mov rbx, [rcx + SLOT_SAVED + 56]
.endm

# Rings the doorbell. In: r8 = mailbox. Out: eax, ecx, edx, rsi, rdi, r11 are anything.
.macro RING
    lock inc dword ptr [r8 + HEADER_DOORBELL]
    lea rdi, [r8 + HEADER_DOORBELL]
    mov esi, FUTEX_WAKE
    mov edx, 1
    mov eax, SYS_futex
    syscall
.endm

# Sets the slot's bits and, when the supervisor sleeps, rings. In: rbx = slot, r8 = mailbox; goes to
# \awake where nobody had to be rung. Out: as RING.
.macro TELL awake
    SLOT_INDEX
    lock bts dword ptr [r8 + PENDING], ecx
    shr ecx, 5                              # pending word
    lock bts dword ptr [r8 + HEADER_SUMMARY], ecx
    cmp dword ptr [r8 + HEADER_SLEEPING], 0
    je \awake
    RING
.endm

# rax = the processor's time stamp. Changes rdx.
.macro TICKS
    rdtsc
    shl rdx, 32
    or rax, rdx
.endm

# The arguments as the slot has them, and the number. In: rbx = slot.
.macro LOAD_CALL
    mov rdi, [rbx + SLOT_ARGS]
    mov rsi, [rbx + SLOT_ARGS + 8]
    mov rdx, [rbx + SLOT_ARGS + 16]
    mov r10, [rbx + SLOT_ARGS + 24]
    mov r8, [rbx + SLOT_ARGS + 32]
    mov r9, [rbx + SLOT_ARGS + 40]
    mov rax, [rbx + SLOT_NUMBER]
.endm

# ecx = the slot's index. In: rbx = slot, r8 = mailbox.
.macro SLOT_INDEX
    mov rcx, rbx
    sub rcx, r8
    sub ecx, SLOTS
    shr ecx, 8
.endm

.text

# ---------------------------------------------------------------- bootstrap
.globl bootstrap
bootstrap:
    push rax                                # a dynamic linker hands over rdx; keep them all
    push rcx
    push rdx
    push rbx
    push rbp
    push rsi
    push rdi
    push r8
    push r9
    push r10
    push r11
    push r12
    push r13
    push r14
    push r15
    cld
    mov rcx, [rsp + 120]                    # argc, behind fifteen registers
    lea rbp, [rsp + rcx*8 + 136]            # envp, behind argv and its NULL
    xor r12d, r12d                          # &envp[i] of ELSEWHERE_MAILBOX
    xor r13d, r13d                          # &envp[i] of ELSEWHERE_PROGRAM
    movabs r8, 0x5245485745534c45           # "ELSEWHER"
    movabs r9, 0x4f424c49414d5f45           # "E_MAILBO"
    movabs r10, 0x4152474f52505f45          # "E_PROGRA"
    mov rbx, rbp
next_variable:
    mov rsi, [rbx]
    test rsi, rsi
    jz end_of_environment
    cmp [rsi], r8                           # readable: AT_EXECFN's string and eight zero
    jne not_ours                            # bytes stand behind the last variable
    cmp [rsi + 8], r9
    cmove r12, rbx
    cmp [rsi + 8], r10
    cmove r13, rbx
not_ours:
    add rbx, 8
    jmp next_variable
end_of_environment:                         # rbx = &envp[n], the NULL
    test r12, r12
    jz enter_program
    test r13, r13
    jz enter_program

    mov rdi, [r12]
    add rdi, 18                             # strlen("ELSEWHERE_MAILBOX=")
    mov esi, O_RDWR_CLOEXEC
    xor edx, edx
    mov eax, SYS_open
    syscall
    test eax, eax
    js hide
    mov r14d, eax
    xor edi, edi
    mov esi, MAILBOX_SIZE
    mov edx, PROT_READ_WRITE
    mov r10d, MAP_SHARED
    mov r8d, r14d
    xor r9d, r9d
    mov eax, SYS_mmap
    syscall
    mov r15, rax                            # the mailbox
    mov edi, r14d
    mov eax, SYS_close
    syscall
    cmp r15, -4096
    ja hide
    cmp dword ptr [r15 + HEADER_MAGIC], MAGIC
    jne give_back
    cmp dword ptr [r15 + HEADER_VERSION], VERSION
    jne give_back

    xor edi, edi                            # descriptor marks: private, so fork copies them
    mov esi, MARKS_SIZE
    mov edx, PROT_READ_WRITE
    mov r10d, MAP_PRIVATE_ANONYMOUS
    mov r8, -1
    xor r9d, r9d
    mov eax, SYS_mmap
    syscall
    cmp rax, -4096
    ja give_back
    mov r14, rax
    lea rdi, [rip + data]                   # code stays read-execute, data becomes read-write
    mov esi, 4096
    mov edx, PROT_READ_WRITE
    mov eax, SYS_mprotect
    syscall
    test eax, eax
    jnz give_back
    mov [rip + marks], r14

    mov r11, r15
    CLAIM give_back
    mov rax, r15
    mov [rip + mailbox], rax
    mov rdi, [r13]
    add rdi, 18                             # strlen("ELSEWHERE_PROGRAM=")
    lea rsi, [rip + data]                   # where this segment is
    mov rdx, r14                            # the descriptor marks
    xor r10d, r10d
    xor r8d, r8d
    xor r9d, r9d
    mov eax, HELLO
    lea r11, [rip + hello_site]
    mov [rcx + SLOT_SITE], r11
    jmp ask
.globl hello_site
hello_site:
    syscall                                 # only on "continue": no such call
    test rax, rax
    js hide
    mov [rip + process], rax                # what the supervisor calls this process
    jmp hide
give_back:
    mov rdi, r15
    mov esi, MAILBOX_SIZE
    mov eax, SYS_munmap
    syscall

# The program sees neither variable. They are the last two: envp ends before them, and the
# three words in front of the auxiliary vector read NULL, AT_IGNORE, 0, so
# that it begins in the right place both for who looks behind envp's NULL and for who
# remembers where the kernel put it. AT_EXECFN tells the program's own path.
hide:
    lea rax, [rbx + 8]                      # the auxiliary vector
auxiliary:
    cmp qword ptr [rax], AT_NULL
    je auxiliary_end
    cmp qword ptr [rax], AT_EXECFN
    jne 1f
    mov rcx, [r13]
    add rcx, 18
    mov [rax + 8], rcx
1:  add rax, 16
    jmp auxiliary
auxiliary_end:
    lea rax, [rbx - 16]
    cmp r12, rax                            # …MAILBOX second to last, …PROGRAM last
    jne enter_program
    lea rax, [rbx - 8]
    cmp r13, rax
    jne enter_program
    mov qword ptr [r12], 0
    mov qword ptr [r13], AT_IGNORE          # (AT_IGNORE, the old NULL)
enter_program:
    pop r15
    pop r14
    pop r13
    pop r12
    pop r11
    pop r10
    pop r9
    pop r8
    pop rdi
    pop rsi
    pop rbp
    pop rbx
    pop rdx
    pop rcx
    pop rax
.globl entry
entry:
    .byte 0xe9                              # jmp to the program's own entry point
    .long 0

# ---------------------------------------------------------------- ask
# In: rcx = claimed slot with its site, every other register as at the site.
.globl ask
ask:
    mov eax, eax                            # the kernel's view of the number
    mov [rcx + SLOT_NUMBER], rax
    mov [rcx + SLOT_ARGS], rdi
    mov [rcx + SLOT_ARGS + 8], rsi
    mov [rcx + SLOT_ARGS + 16], rdx
    mov [rcx + SLOT_ARGS + 24], r10
    mov [rcx + SLOT_ARGS + 32], r8
    mov [rcx + SLOT_ARGS + 40], r9
    mov [rcx + SLOT_SAVED], rax
    mov [rcx + SLOT_SAVED + 8], rdi
    mov [rcx + SLOT_SAVED + 16], rsi
    mov [rcx + SLOT_SAVED + 24], rdx
    mov [rcx + SLOT_SAVED + 32], r10
    mov [rcx + SLOT_SAVED + 40], r8
    mov [rcx + SLOT_SAVED + 48], r9
    mov [rcx + SLOT_SAVED + 56], rbx
    mov [rcx + SLOT_SAVED + 64], rbp
    mov [rcx + SLOT_SAVED + 72], r12
    mov [rcx + SLOT_SAVED + 80], r13
    mov [rcx + SLOT_SAVED + 88], r15
    mov [rcx + SLOT_STACK_POINTER], rsp
    mov [rcx + SLOT_SELF], rcx
    mov dword ptr [rcx + SLOT_REPORTED], 0
    mov dword ptr [rcx + SLOT_INTERRUPTED], 0
    mov rbx, rcx                            # survives every call below
    mov rax, [rip + process]
    mov [rbx + SLOT_PROCESS], rax
    mov eax, SYS_gettid
    syscall
    mov [rbx + SLOT_TID], eax
    mov r8, [rip + mailbox]
    mov ecx, [rbx + SLOT_NUMBER]
    cmp byte ptr [r8 + rcx + HEADER_CLASSES], CLASS_WATCH
    je watch
.globl request
request:
    mov r8, [rip + mailbox]                 # survives every call below as well
    mov dword ptr [rbx + SLOT_STATE], STATE_ASKED
    TELL wait
    mov esi, [r8 + HEADER_SPIN]
    jmp 5f                                  # it may have been woken on this very processor: yield first
.globl wait
wait:
    mov esi, [r8 + HEADER_SPIN]             # rounds
    mov ecx, PAUSES_BEFORE_YIELD
2:  cmp dword ptr [rbx + SLOT_STATE], STATE_ASKED
    jne answered
    pause
    sub ecx, 1
    jg 2b
5:  sub esi, 1
    jl 4f
    mov eax, SYS_sched_yield                # the supervisor may want this very processor
    syscall
    mov ecx, PAUSES_PER_ROUND
    jmp 2b
4:
    mov eax, STATE_ASKED
    mov ecx, STATE_ASKED_ASLEEP
    lock cmpxchg [rbx + SLOT_STATE], ecx
    jne answered
3:  test dword ptr [r8 + HEADER_OWNER], OWNER_DIED
    jnz withdraw
    mov rdi, rbx
    mov esi, FUTEX_WAIT
    mov edx, STATE_ASKED_ASLEEP
    lea r10, [rip + owner_check]
    mov eax, SYS_futex
    syscall
    cmp dword ptr [rbx + SLOT_STATE], STATE_ASKED_ASLEEP
    jne answered
    cmp eax, -EINTR                         # a wait with a timeout is never restarted: a handler has run
    jne 3b
    cmp dword ptr [rbx + SLOT_INTERRUPTED], 0
    jne 3b                                  # the supervisor has not yet taken note of the one before
    mov dword ptr [rbx + SLOT_INTERRUPTED], 1
    TELL 3b
    jmp 3b
withdraw:
    mov eax, STATE_ASKED_ASLEEP
    mov ecx, STATE_WITHDRAWN
    lock cmpxchg [rbx + SLOT_STATE], ecx
    jne answered
    cmp dword ptr [r8 + HEADER_DEADLY], 0
    jne end_process
    mov dword ptr [r8 + HEADER_DEAD], 1
    mov eax, [rbx + SLOT_REPORTED]
    and eax, [rbx + SLOT_OWN]
    jz continue                             # the documented outcome: as if nobody had asked
    jmp return                              # the call was made; its result is the result
# The supervisor is dead, and what it has not answered must not be answered by this machine's kernel. Nothing of the
# program is run any more: it ends as if it had been killed.
.globl end_process
end_process:
    mov eax, SYS_getpid
    syscall
    mov edi, eax
    mov esi, SIGKILL
    mov eax, SYS_kill
    syscall
    mov edi, 128 + SIGKILL                  # the first process of a namespace cannot kill itself
    mov eax, SYS_exit_group
    syscall
    jmp end_process                         # a seccomp filter may refuse either
.globl answered
answered:
    mov eax, [rbx + SLOT_VERDICT]
    cmp eax, VERDICT_CONTINUE
    je continue
    ja run

# Either way out: rcx = slot, r11 = where to go.
.globl return
return:
    RESTORE
    mov rax, [rcx + SLOT_RESULT]
    mov r11, [rcx + SLOT_SITE]
    add r11, 2                              # behind the SYSCALL
    mov dword ptr [rcx + SLOT_TID], 0
    mov dword ptr [rcx + SLOT_CLAIMED], 0
    jmp r11
.globl continue
continue:
    RESTORE
    mov rax, [rcx + SLOT_SAVED]
    mov r11, [rcx + SLOT_SITE]
    mov dword ptr [rcx + SLOT_TID], 0
    mov dword ptr [rcx + SLOT_CLAIMED], 0
    jmp r11
.globl run
run:
    TICKS
    mov [rbx + SLOT_START_TICKS], rax
    LOAD_CALL
.globl run_site
run_site:
    syscall
    mov [rbx + SLOT_RESULT], rax
    TICKS
    mov [rbx + SLOT_END_TICKS], rax
    mov dword ptr [rbx + SLOT_REPORTED], 1
    jmp request

# ---------------------------------------------------------------- watch
# In: rbx = slot, everything saved, r8 = mailbox. The plan of the call number says what the
# thread copies before and after the call. Where it cannot be watched (no journal, no room, a
# path that needs an answer) the call is asked instead; nothing has been promised by then.
#
# What a pointer leads to is copied by the thread itself, for later it may have changed. Whether
# it leads anywhere is asked of rt_sigprocmask, page by page: with no valid `how` it reads eight
# bytes and says EINVAL, or EFAULT (kernel/signal.c). Every Go program needs that call,
# so no seccomp filter forbids it; process_vm_readv may be forbidden.
#
# Through all of it: rbx = slot, r8 = mailbox, r13 = entry, r12 = where the next capture goes,
# rbp = its plan, r15 = what is copied next, r9d = how much is left of it.
.globl watch
watch:
    SLOT_INDEX
    cmp ecx, JOURNAL_COUNT
    jae request
    imul ecx, ecx, JOURNAL_SIZE
    lea r13, [r8 + rcx + JOURNALS]
    mov eax, [rbx + SLOT_WRITTEN]
    mov ecx, eax
    sub ecx, [rbx + SLOT_READ]
    cmp ecx, JOURNAL_SIZE - 2*ENTRY_LIMIT
    ja request
    and eax, JOURNAL_SIZE - 1
    mov ecx, JOURNAL_SIZE
    sub ecx, eax
    cmp ecx, ENTRY_LIMIT
    jae 1f
    mov [r13 + rax + ENTRY_SIZE], ecx       # too near the end: begin at the start
    mov dword ptr [r13 + rax + ENTRY_TID], 0
    add [rbx + SLOT_WRITTEN], ecx
    xor eax, eax
1:  add r13, rax
    mov eax, [rbx + SLOT_TID]
    mov [r13 + ENTRY_TID], eax
    mov rax, [rbx + SLOT_NUMBER]
    mov [r13 + ENTRY_NUMBER], rax
    mov rax, [rbx + SLOT_PROCESS]
    mov [r13 + ENTRY_PROCESS], rax
    lea rsi, [rbx + SLOT_ARGS]
    lea rdi, [r13 + ENTRY_ARGS]
    mov ecx, 6
    rep movsq
    lea r12, [r13 + ENTRY_CAPTURES]
    mov dword ptr [rbx + SLOT_PHASE], WHEN_BEFORE
captures:
    mov ebp, [rbx + SLOT_NUMBER]
    imul ebp, ebp, PLAN_SIZE
    lea rbp, [r8 + rbp + PLANS + PLAN_CAPTURES]
next_capture:
    movzx eax, byte ptr [rbp + CAPTURE_KIND]
    test eax, eax                           # KIND_END
    jz captures_done
    movzx ecx, byte ptr [rbp + CAPTURE_WHEN]
    mov edx, [rbx + SLOT_PHASE]
    test edx, edx
    jnz 1f
    cmp eax, KIND_WHOLE
    je will_it_fit
    test ecx, ecx                           # before the call: what is for before it
    jnz capture_done
1:  cmp ecx, edx                            # after: what is for this outcome or for any
    jb capture_done
    movzx ecx, byte ptr [rbp + CAPTURE_POINTER]
    mov r15, [rbx + rcx*8 + SLOT_ARGS]
    cmp r15, LOWEST_ADDRESS
    jb capture_done
    mov [r12 + CAPTURED_ADDRESS], r15
    mov [r12 + CAPTURED_WHEN], edx
    movzx r9d, word ptr [rbp + CAPTURE_LIMIT]
    movzx edx, word ptr [rbp + CAPTURE_UNIT]
    cmp eax, KIND_STRING
    jae copy_page
    cmp eax, KIND_FIXED
    je 2f
    movzx ecx, byte ptr [rbp + CAPTURE_LENGTH]
    mov rcx, [rbx + rcx*8 + SLOT_ARGS]
    cmp eax, KIND_COUNTED
    je 1f
    mov rcx, [rbx + SLOT_RESULT]
1:  cmp rcx, r9
    cmova rcx, r9
    imul edx, ecx
2:  cmp edx, r9d
    cmovb r9d, edx
copy_page:
    test r9d, r9d
    jz copied
    mov edi, -1                             # no such `how`
    mov rsi, r15
    and rsi, -8                             # on the same page
    xor edx, edx
    mov r10d, 8
    mov eax, SYS_rt_sigprocmask
    syscall
    cmp eax, -EINVAL
    jne copied                              # nothing to read from here on
    mov ecx, r15d
    or ecx, -PAGE
    neg ecx                                 # to the end of the page
    cmp ecx, r9d
    cmova ecx, r9d
    sub r9d, ecx
    mov rsi, r15
    mov rdi, r15
    sub rdi, [r12 + CAPTURED_ADDRESS]
    lea rdi, [r12 + rdi + CAPTURED_BYTES]
    cmp byte ptr [rbp + CAPTURE_KIND], KIND_STRING
    jae copy_string
    add r15, rcx
    rep movsb
    jmp copy_page
copy_string:
    lodsb
    stosb
    test al, al
    jz string_end
    dec ecx
    jnz copy_string
    mov r15, rsi
    test r9d, r9d
    jnz copy_page
    jmp request                             # longer than the plan allows
string_end:
    mov r15, rsi
    cmp byte ptr [rbp + CAPTURE_KIND], KIND_PATH
    jne copied
    cmp dword ptr [r12 + CAPTURED_BYTES], 0x6f72702f        # "/pro"
    jne copied
    cmp byte ptr [r12 + CAPTURED_BYTES + 4], 0x63           # "c"
    je request
copied:
    sub r15, [r12 + CAPTURED_ADDRESS]
    mov [r12 + CAPTURED_LENGTH], r15d
    lea rax, [r15 + CAPTURED_BYTES + 7]
    and rax, -8
    add r12, rax
    jmp capture_done
will_it_fit:
    movzx ecx, byte ptr [rbp + CAPTURE_LENGTH]
    mov ecx, [rbx + rcx*8 + SLOT_ARGS]
    movzx edx, word ptr [rbp + CAPTURE_LIMIT]
    cmp ecx, edx
    ja request
capture_done:
    add rbp, CAPTURE_SIZE
    jmp next_capture
captures_done:
    mov ecx, r12d
    sub ecx, r13d
    mov [r13 + ENTRY_SIZE], ecx
    cmp dword ptr [rbx + SLOT_PHASE], WHEN_BEFORE
    jne journal
    mov eax, [rbx + SLOT_NUMBER]
    imul eax, eax, PLAN_SIZE
    cmp byte ptr [r8 + rax + PLANS + PLAN_RECORD], 0
    je continue
    mov dword ptr [rbx + SLOT_STATE], STATE_WATCHING
    TICKS
    mov [r13 + ENTRY_START_TICKS], rax
    LOAD_CALL
.globl watch_site
watch_site:
    syscall
    mov [rbx + SLOT_RESULT], rax
    mov [r13 + ENTRY_RESULT], rax
    TICKS
    mov [r13 + ENTRY_END_TICKS], rax
    mov r8, [rip + mailbox]
    mov edx, WHEN_AFTER_SUCCESS
    mov ecx, WHEN_AFTER
    cmp qword ptr [rbx + SLOT_RESULT], -4095
    cmovae edx, ecx
    mov [rbx + SLOT_PHASE], edx
    jmp captures
journal:
    mov dword ptr [rbx + SLOT_STATE], STATE_FREE
    add [rbx + SLOT_WRITTEN], ecx
    SLOT_INDEX
    lock bts dword ptr [r8 + HEADER_WATCHED], ecx
    cmp dword ptr [r8 + HEADER_LISTENING], 0
    je return
    xor eax, eax
    xchg [r8 + HEADER_LISTENING], eax
    test eax, eax
    jz return
    RING
    jmp return

# ---------------------------------------------------------------- for the supervisor
# uint64_t ticks(void): the counter that `run` stores. Called by the supervisor, to learn its rate.
.globl ticks
ticks:
    TICKS
    ret

# ---------------------------------------------------------------- thunk template
# Copied once per site. Holes: the displaced instructions go in front of `thunk`, the
# jump at `pass` and the address at `site` lead to the site's SYSCALL, the references to
# `mailbox`, `marks` and `ask` are relative and move with the copy.
.globl thunk
thunk:
    mov r11, [rip + mailbox]                # 0: nobody is there
    test r11, r11
    jz pass
    cmp eax, CLASS_COUNT
    jae pass
    mov ecx, eax
    movzx ecx, byte ptr [r11 + rcx + HEADER_CLASSES]
    test ecx, ecx
    jnz 1f
.globl pass
pass:
    .byte 0xe9                              # jmp to the SYSCALL
    .long 0
1:  cmp dword ptr [r11 + HEADER_DEAD], 0
    jne pass
    cmp ecx, CLASS_ASK_IF_MARKED
    jne 2f
    mov ecx, edi                            # a descriptor is an int
    cmp ecx, MARKS_SIZE
    jae 2f                                  # beyond the table: better ask
    mov r11, [rip + marks]
    cmp byte ptr [r11 + rcx], 0
    je pass
    mov r11, [rip + mailbox]
2:  CLAIM pass
.globl site
site:
    lea r11, [rip + 0]                      # the SYSCALL
    mov [rcx + SLOT_SITE], r11
    jmp ask
.globl thunk_end
thunk_end:

.balign 8
owner_check:                                # struct timespec
    .quad OWNER_CHECK_SECONDS, 0

# ---------------------------------------------------------------- data
# The segment's first page, read-write once the bootstrap has run; a forked process has
# its own. Code follows on the next page.
.section .data
.globl data
data:
.globl mailbox
mailbox: .quad 0
.globl marks
marks: .quad 0
.globl process
process: .quad 0
