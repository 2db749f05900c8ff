// Generated from stub.S by script/assemble.ts. Do not edit.
import type { StubCode } from "../machine.ts";

const code: readonly string[] = [
  // bootstrap:
  "50", // push rax
  "51", // push rcx
  "52", // push rdx
  "53", // push rbx
  "55", // push rbp
  "56", // push rsi
  "57", // push rdi
  "4150", // push r8
  "4151", // push r9
  "4152", // push r10
  "4153", // push r11
  "4154", // push r12
  "4155", // push r13
  "4156", // push r14
  "4157", // push r15
  "fc", // cld
  "488b4c2478", // mov rcx,QWORD PTR [rsp+0x78]
  "488daccc88000000", // lea rbp,[rsp+rcx*8+0x88]
  "4531e4", // xor r12d,r12d
  "4531ed", // xor r13d,r13d
  "49b8454c534557484552", // movabs r8,0x5245485745534c45
  "49b9455f4d41494c424f", // movabs r9,0x4f424c49414d5f45
  "49ba455f50524f475241", // movabs r10,0x4152474f52505f45
  "4889eb", // mov rbx,rbp
  // next_variable:
  "488b33", // mov rsi,QWORD PTR [rbx]
  "4885f6", // test rsi,rsi
  "741b", // je 106f <end_of_environment>
  "4c3906", // cmp QWORD PTR [rsi],r8
  "7510", // jne 1069 <not_ours>
  "4c394e08", // cmp QWORD PTR [rsi+0x8],r9
  "4c0f44e3", // cmove r12,rbx
  "4c395608", // cmp QWORD PTR [rsi+0x8],r10
  "4c0f44eb", // cmove r13,rbx
  // not_ours:
  "4883c308", // add rbx,0x8
  "ebdd", // jmp 104c <next_variable>
  // end_of_environment:
  "4d85e4", // test r12,r12
  "0f84b0010000", // je 1228 <enter_program>
  "4d85ed", // test r13,r13
  "0f84a7010000", // je 1228 <enter_program>
  "498b3c24", // mov rdi,QWORD PTR [r12]
  "4883c712", // add rdi,0x12
  "be02000800", // mov esi,0x80002
  "31d2", // xor edx,edx
  "b802000000", // mov eax,0x2
  "0f05", // syscall
  "85c0", // test eax,eax
  "0f8845010000", // js 11e4 <hide>
  "4189c6", // mov r14d,eax
  "31ff", // xor edi,edi
  "be00208000", // mov esi,0x802000
  "ba03000000", // mov edx,0x3
  "41ba01000000", // mov r10d,0x1
  "4589f0", // mov r8d,r14d
  "4531c9", // xor r9d,r9d
  "b809000000", // mov eax,0x9
  "0f05", // syscall
  "4989c7", // mov r15,rax
  "4489f7", // mov edi,r14d
  "b803000000", // mov eax,0x3
  "0f05", // syscall
  "4981ff00f0ffff", // cmp r15,0xfffffffffffff000
  "0f8709010000", // ja 11e4 <hide>
  "41813f454c5357", // cmp DWORD PTR [r15],0x57534c45
  "0f85ed000000", // jne 11d5 <give_back>
  "41837f0401", // cmp DWORD PTR [r15+0x4],0x1
  "0f85e2000000", // jne 11d5 <give_back>
  "31ff", // xor edi,edi
  "be00000100", // mov esi,0x10000
  "ba03000000", // mov edx,0x3
  "41ba22000000", // mov r10d,0x22
  "49c7c0ffffffff", // mov r8,0xffffffffffffffff
  "4531c9", // xor r9d,r9d
  "b809000000", // mov eax,0x9
  "0f05", // syscall
  "483d00f0ffff", // cmp rax,0xfffffffffffff000
  "0f87b3000000", // ja 11d5 <give_back>
  "4989c6", // mov r14,rax
  "488d3dd4eeffff", // lea rdi,[rip+0xffffffffffffeed4] # 0 <data>
  "be00100000", // mov esi,0x1000
  "ba03000000", // mov edx,0x3
  "b80a000000", // mov eax,0xa
  "0f05", // syscall
  "85c0", // test eax,eax
  "0f8590000000", // jne 11d5 <give_back>
  "4c8935bceeffff", // mov QWORD PTR [rip+0xffffffffffffeebc],r14 # 8 <marks>
  "4d89fb", // mov r11,r15
  "4889e1", // mov rcx,rsp
  "48c1e903", // shr rcx,0x3
  "41234b0c", // and ecx,DWORD PTR [r11+0xc]
  "f0410fbaac0b0820000000", // lock bts DWORD PTR [r11+rcx*1+0x2008],0x0
  "731f", // jae 1186 <end_of_environment+0x117>
  "f390", // pause
  "41837b1000", // cmp DWORD PTR [r11+0x10],0x0
  "7565", // jne 11d5 <give_back>
  "41f7434000000040", // test DWORD PTR [r11+0x40],0x40000000
  "755b", // jne 11d5 <give_back>
  "81c100010000", // add ecx,0x100
  "41234b0c", // and ecx,DWORD PTR [r11+0xc]
  "ebd4", // jmp 115a <end_of_environment+0xeb>
  "498d8c0b00200000", // lea rcx,[r11+rcx*1+0x2000]
  "4c89f8", // mov rax,r15
  "48890568eeffff", // mov QWORD PTR [rip+0xffffffffffffee68],rax # 0 <data>
  "498b7d00", // mov rdi,QWORD PTR [r13+0x0]
  "4883c712", // add rdi,0x12
  "488d3559eeffff", // lea rsi,[rip+0xffffffffffffee59] # 0 <data>
  "4c89f2", // mov rdx,r14
  "4531d2", // xor r10d,r10d
  "4531c0", // xor r8d,r8d
  "4531c9", // xor r9d,r9d
  "b8ff030000", // mov eax,0x3ff
  "4c8d1d06000000", // lea r11,[rip+0x6] # 11c5 <hello_site>
  "4c895960", // mov QWORD PTR [rcx+0x60],r11
  "eb7f", // jmp 1244 <ask>
  // hello_site:
  "0f05", // syscall
  "4885c0", // test rax,rax
  "7818", // js 11e4 <hide>
  "4889053deeffff", // mov QWORD PTR [rip+0xffffffffffffee3d],rax # 10 <process>
  "eb0f", // jmp 11e4 <hide>
  // give_back:
  "4c89ff", // mov rdi,r15
  "be00208000", // mov esi,0x802000
  "b80b000000", // mov eax,0xb
  "0f05", // syscall
  // hide:
  "488d4308", // lea rax,[rbx+0x8]
  // auxiliary:
  "48833800", // cmp QWORD PTR [rax],0x0
  "7418", // je 1206 <auxiliary_end>
  "4883381f", // cmp QWORD PTR [rax],0x1f
  "750c", // jne 1200 <auxiliary+0x18>
  "498b4d00", // mov rcx,QWORD PTR [r13+0x0]
  "4883c112", // add rcx,0x12
  "48894808", // mov QWORD PTR [rax+0x8],rcx
  "4883c010", // add rax,0x10
  "ebe2", // jmp 11e8 <auxiliary>
  // auxiliary_end:
  "488d43f0", // lea rax,[rbx-0x10]
  "4939c4", // cmp r12,rax
  "7519", // jne 1228 <enter_program>
  "488d43f8", // lea rax,[rbx-0x8]
  "4939c5", // cmp r13,rax
  "7510", // jne 1228 <enter_program>
  "49c7042400000000", // mov QWORD PTR [r12],0x0
  "49c7450001000000", // mov QWORD PTR [r13+0x0],0x1
  // enter_program:
  "415f", // pop r15
  "415e", // pop r14
  "415d", // pop r13
  "415c", // pop r12
  "415b", // pop r11
  "415a", // pop r10
  "4159", // pop r9
  "4158", // pop r8
  "5f", // pop rdi
  "5e", // pop rsi
  "5d", // pop rbp
  "5b", // pop rbx
  "5a", // pop rdx
  "59", // pop rcx
  "58", // pop rax
  // entry:
  "e900000000", // jmp 1244 <ask>
  // ask:
  "89c0", // mov eax,eax
  "48894120", // mov QWORD PTR [rcx+0x20],rax
  "48897928", // mov QWORD PTR [rcx+0x28],rdi
  "48897130", // mov QWORD PTR [rcx+0x30],rsi
  "48895138", // mov QWORD PTR [rcx+0x38],rdx
  "4c895140", // mov QWORD PTR [rcx+0x40],r10
  "4c894148", // mov QWORD PTR [rcx+0x48],r8
  "4c894950", // mov QWORD PTR [rcx+0x50],r9
  "48898188000000", // mov QWORD PTR [rcx+0x88],rax
  "4889b990000000", // mov QWORD PTR [rcx+0x90],rdi
  "4889b198000000", // mov QWORD PTR [rcx+0x98],rsi
  "488991a0000000", // mov QWORD PTR [rcx+0xa0],rdx
  "4c8991a8000000", // mov QWORD PTR [rcx+0xa8],r10
  "4c8981b0000000", // mov QWORD PTR [rcx+0xb0],r8
  "4c8989b8000000", // mov QWORD PTR [rcx+0xb8],r9
  "488999c0000000", // mov QWORD PTR [rcx+0xc0],rbx
  "48896168", // mov QWORD PTR [rcx+0x68],rsp
  "48894970", // mov QWORD PTR [rcx+0x70],rcx
  "c7411000000000", // mov DWORD PTR [rcx+0x10],0x0
  "4889cb", // mov rbx,rcx
  "488b055dedffff", // mov rax,QWORD PTR [rip+0xffffffffffffed5d] # 10 <process>
  "48894318", // mov QWORD PTR [rbx+0x18],rax
  "b8ba000000", // mov eax,0xba
  "0f05", // syscall
  "89430c", // mov DWORD PTR [rbx+0xc],eax
  // request:
  "4c8b0538edffff", // mov r8,QWORD PTR [rip+0xffffffffffffed38] # 0 <data>
  "c70301000000", // mov DWORD PTR [rbx],0x1
  "4889d9", // mov rcx,rbx
  "4c29c1", // sub rcx,r8
  "81e900200000", // sub ecx,0x2000
  "c1e908", // shr ecx,0x8
  "f0410fab8800100000", // lock bts DWORD PTR [r8+0x1000],ecx
  "c1e905", // shr ecx,0x5
  "f0410fab8800010000", // lock bts DWORD PTR [r8+0x100],ecx
  "4183b8c000000000", // cmp DWORD PTR [r8+0xc0],0x0
  "7426", // je 1322 <wait>
  "f041ff8080000000", // lock inc DWORD PTR [r8+0x80]
  "498db880000000", // lea rdi,[r8+0x80]
  "be01000000", // mov esi,0x1
  "ba01000000", // mov edx,0x1
  "b8ca000000", // mov eax,0xca
  "0f05", // syscall
  "418b7008", // mov esi,DWORD PTR [r8+0x8]
  "eb15", // jmp 1337 <wait+0x15>
  // wait:
  "418b7008", // mov esi,DWORD PTR [r8+0x8]
  "b900010000", // mov ecx,0x100
  "833b01", // cmp DWORD PTR [rbx],0x1
  "7578", // jne 13a8 <answered>
  "f390", // pause
  "83e901", // sub ecx,0x1
  "7ff4", // jg 132b <wait+0x9>
  "83ee01", // sub esi,0x1
  "7c0e", // jl 134a <wait+0x28>
  "b818000000", // mov eax,0x18
  "0f05", // syscall
  "b920000000", // mov ecx,0x20
  "ebe1", // jmp 132b <wait+0x9>
  "b801000000", // mov eax,0x1
  "b903000000", // mov ecx,0x3
  "f00fb10b", // lock cmpxchg DWORD PTR [rbx],ecx
  "754e", // jne 13a8 <answered>
  "41f7404000000040", // test DWORD PTR [r8+0x40],0x40000000
  "7522", // jne 1386 <withdraw>
  "4889df", // mov rdi,rbx
  "be00000000", // mov esi,0x0
  "ba03000000", // mov edx,0x3
  "4c8d15c8010000", // lea r10,[rip+0x1c8] # 1540 <owner_check>
  "b8ca000000", // mov eax,0xca
  "0f05", // syscall
  "833b03", // cmp DWORD PTR [rbx],0x3
  "74d6", // je 135a <wait+0x38>
  "eb22", // jmp 13a8 <answered>
  // withdraw:
  "b803000000", // mov eax,0x3
  "b904000000", // mov ecx,0x4
  "f00fb10b", // lock cmpxchg DWORD PTR [rbx],ecx
  "7512", // jne 13a8 <answered>
  "41c7401001000000", // mov DWORD PTR [r8+0x10],0x1
  "8b4310", // mov eax,DWORD PTR [rbx+0x10]
  "234314", // and eax,DWORD PTR [rbx+0x14]
  "745a", // je 1400 <continue>
  "eb0e", // jmp 13b6 <return>
  // answered:
  "8b4304", // mov eax,DWORD PTR [rbx+0x4]
  "83f801", // cmp eax,0x1
  "7450", // je 1400 <continue>
  "0f8793000000", // ja 1449 <run>
  // return:
  "4889d9", // mov rcx,rbx
  "488bb990000000", // mov rdi,QWORD PTR [rcx+0x90]
  "488bb198000000", // mov rsi,QWORD PTR [rcx+0x98]
  "488b91a0000000", // mov rdx,QWORD PTR [rcx+0xa0]
  "4c8b91a8000000", // mov r10,QWORD PTR [rcx+0xa8]
  "4c8b81b0000000", // mov r8,QWORD PTR [rcx+0xb0]
  "4c8b89b8000000", // mov r9,QWORD PTR [rcx+0xb8]
  "488b99c0000000", // mov rbx,QWORD PTR [rcx+0xc0]
  "488b4158", // mov rax,QWORD PTR [rcx+0x58]
  "4c8b5960", // mov r11,QWORD PTR [rcx+0x60]
  "4983c302", // add r11,0x2
  "c7410800000000", // mov DWORD PTR [rcx+0x8],0x0
  "41ffe3", // jmp r11
  // continue:
  "4889d9", // mov rcx,rbx
  "488bb990000000", // mov rdi,QWORD PTR [rcx+0x90]
  "488bb198000000", // mov rsi,QWORD PTR [rcx+0x98]
  "488b91a0000000", // mov rdx,QWORD PTR [rcx+0xa0]
  "4c8b91a8000000", // mov r10,QWORD PTR [rcx+0xa8]
  "4c8b81b0000000", // mov r8,QWORD PTR [rcx+0xb0]
  "4c8b89b8000000", // mov r9,QWORD PTR [rcx+0xb8]
  "488b99c0000000", // mov rbx,QWORD PTR [rcx+0xc0]
  "488b8188000000", // mov rax,QWORD PTR [rcx+0x88]
  "4c8b5960", // mov r11,QWORD PTR [rcx+0x60]
  "c7410800000000", // mov DWORD PTR [rcx+0x8],0x0
  "41ffe3", // jmp r11
  // run:
  "0f31", // rdtsc
  "48c1e220", // shl rdx,0x20
  "4809d0", // or rax,rdx
  "48894378", // mov QWORD PTR [rbx+0x78],rax
  "488b7b28", // mov rdi,QWORD PTR [rbx+0x28]
  "488b7330", // mov rsi,QWORD PTR [rbx+0x30]
  "488b5338", // mov rdx,QWORD PTR [rbx+0x38]
  "4c8b5340", // mov r10,QWORD PTR [rbx+0x40]
  "4c8b4348", // mov r8,QWORD PTR [rbx+0x48]
  "4c8b4b50", // mov r9,QWORD PTR [rbx+0x50]
  "488b4320", // mov rax,QWORD PTR [rbx+0x20]
  // run_site:
  "0f05", // syscall
  "48894358", // mov QWORD PTR [rbx+0x58],rax
  "0f31", // rdtsc
  "48c1e220", // shl rdx,0x20
  "4809d0", // or rax,rdx
  "48898380000000", // mov QWORD PTR [rbx+0x80],rax
  "c7431001000000", // mov DWORD PTR [rbx+0x10],0x1
  "e92dfeffff", // jmp 12c1 <request>
  // ticks:
  "0f31", // rdtsc
  "48c1e220", // shl rdx,0x20
  "4809d0", // or rax,rdx
  "c3", // ret
  // thunk:
  "4c8b1d5bebffff", // mov r11,QWORD PTR [rip+0xffffffffffffeb5b] # 0 <data>
  "4d85db", // test r11,r11
  "7416", // je 14c0 <pass>
  "3d00040000", // cmp eax,0x400
  "730f", // jae 14c0 <pass>
  "89c1", // mov ecx,eax
  "410fb68c0b00020000", // movzx ecx,BYTE PTR [r11+rcx*1+0x200]
  "85c9", // test ecx,ecx
  "7505", // jne 14c5 <pass+0x5>
  // pass:
  "e900000000", // jmp 14c5 <pass+0x5>
  "41837b1000", // cmp DWORD PTR [r11+0x10],0x0
  "75f4", // jne 14c0 <pass>
  "83f901", // cmp ecx,0x1
  "741f", // je 14f0 <pass+0x30>
  "89f9", // mov ecx,edi
  "81f900000100", // cmp ecx,0x10000
  "7315", // jae 14f0 <pass+0x30>
  "4c8b1d26ebffff", // mov r11,QWORD PTR [rip+0xffffffffffffeb26] # 8 <marks>
  "41803c0b00", // cmp BYTE PTR [r11+rcx*1],0x0
  "74d7", // je 14c0 <pass>
  "4c8b1d10ebffff", // mov r11,QWORD PTR [rip+0xffffffffffffeb10] # 0 <data>
  "4889e1", // mov rcx,rsp
  "48c1e903", // shr rcx,0x3
  "41234b0c", // and ecx,DWORD PTR [r11+0xc]
  "f0410fbaac0b0820000000", // lock bts DWORD PTR [r11+rcx*1+0x2008],0x0
  "731f", // jae 1527 <pass+0x67>
  "f390", // pause
  "41837b1000", // cmp DWORD PTR [r11+0x10],0x0
  "75af", // jne 14c0 <pass>
  "41f7434000000040", // test DWORD PTR [r11+0x40],0x40000000
  "75a5", // jne 14c0 <pass>
  "81c100010000", // add ecx,0x100
  "41234b0c", // and ecx,DWORD PTR [r11+0xc]
  "ebd4", // jmp 14fb <pass+0x3b>
  "498d8c0b00200000", // lea rcx,[r11+rcx*1+0x2000]
  // site:
  "4c8d1d00000000", // lea r11,[rip+0x0] # 1536 <site+0x7>
  "4c895960", // mov QWORD PTR [rcx+0x60],r11
  "e905fdffff", // jmp 1244 <ask>
  // thunk_end:
  "90", // nop
  // owner_check:
  "0100", // add DWORD PTR [rax],eax
  "0000", // add BYTE PTR [rax],al
  "0000", // add BYTE PTR [rax],al
  "0000", // add BYTE PTR [rax],al
  "0000", // add BYTE PTR [rax],al
  "0000", // add BYTE PTR [rax],al
  "0000", // add BYTE PTR [rax],al
  "0000", // add BYTE PTR [rax],al
];

/** Labels are offsets from the start of the segment: one page of data, then this code. */
export const stub: StubCode = {
  code: Uint8Array.from(Buffer.from(code.join(""), "hex")),
  codeOffset: 0x1000,
  labels: {
    mailbox: 0x0,
    data: 0x0,
    marks: 0x8,
    process: 0x10,
    bootstrap: 0x1000,
    hello_site: 0x11c5,
    entry: 0x123f,
    ask: 0x1244,
    request: 0x12c1,
    wait: 0x1322,
    answered: 0x13a8,
    return: 0x13b6,
    continue: 0x1400,
    run: 0x1449,
    run_site: 0x1472,
    ticks: 0x1494,
    thunk: 0x149e,
    pass: 0x14c0,
    site: 0x152f,
    thunk_end: 0x153f,
  },
};
