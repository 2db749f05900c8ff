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
  "0f84f0010000", // je 1268 <enter_program>
  "4d85ed", // test r13,r13
  "0f84e7010000", // je 1268 <enter_program>
  "498b3c24", // mov rdi,QWORD PTR [r12]
  "4883c712", // add rdi,0x12
  "be02000800", // mov esi,0x80002
  "31d2", // xor edx,edx
  "b802000000", // mov eax,0x2
  "0f05", // syscall
  "85c0", // test eax,eax
  "0f8885010000", // js 1224 <hide>
  "4189c6", // mov r14d,eax
  "31ff", // xor edi,edi
  "be00208108", // mov esi,0x8812000
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
  "0f8749010000", // ja 1224 <hide>
  "41813f454c5357", // cmp DWORD PTR [r15],0x57534c45
  "0f852d010000", // jne 1215 <give_back>
  "41837f0403", // cmp DWORD PTR [r15+0x4],0x3
  "0f8522010000", // jne 1215 <give_back>
  "31ff", // xor edi,edi
  "be00000100", // mov esi,0x10000
  "ba03000000", // mov edx,0x3
  "41ba22000000", // mov r10d,0x22
  "49c7c0ffffffff", // mov r8,0xffffffffffffffff
  "4531c9", // xor r9d,r9d
  "b809000000", // mov eax,0x9
  "0f05", // syscall
  "483d00f0ffff", // cmp rax,0xfffffffffffff000
  "0f87f3000000", // ja 1215 <give_back>
  "4989c6", // mov r14,rax
  "488d3dd4eeffff", // lea rdi,[rip+0xffffffffffffeed4] # 0 <data>
  "be00100000", // mov esi,0x1000
  "ba03000000", // mov edx,0x3
  "b80a000000", // mov eax,0xa
  "0f05", // syscall
  "85c0", // test eax,eax
  "0f85d0000000", // jne 1215 <give_back>
  "4c8935bceeffff", // mov QWORD PTR [rip+0xffffffffffffeebc],r14 # 8 <marks>
  "4d89fb", // mov r11,r15
  "b97b000000", // mov ecx,0x7b
  "0f03c9", // lsl ecx,ecx
  "81e1ff0f0000", // and ecx,0xfff
  "69c900100000", // imul ecx,ecx,0x1000
  "41234b14", // and ecx,DWORD PTR [r11+0x14]
  "f0410fbaac0b0820000000", // lock bts DWORD PTR [r11+rcx*1+0x2008],0x0
  "7352", // jae 11c6 <end_of_environment+0x157>
  "81c100010000", // add ecx,0x100
  "f7c1ff0f0000", // test ecx,0xfff
  "75e1", // jne 1163 <end_of_environment+0xf4>
  "4889e1", // mov rcx,rsp
  "48c1e903", // shr rcx,0x3
  "41234b14", // and ecx,DWORD PTR [r11+0x14]
  "f0410fbaac0b0820000000", // lock bts DWORD PTR [r11+rcx*1+0x2008],0x0
  "732c", // jae 11c6 <end_of_environment+0x157>
  "f390", // pause
  "41837b1000", // cmp DWORD PTR [r11+0x10],0x0
  "7572", // jne 1215 <give_back>
  "41f7434000000040", // test DWORD PTR [r11+0x40],0x40000000
  "740d", // je 11ba <end_of_environment+0x14b>
  "41837b1800", // cmp DWORD PTR [r11+0x18],0x0
  "0f85f3020000", // jne 14ab <end_process>
  "eb5b", // jmp 1215 <give_back>
  "81c100010000", // add ecx,0x100
  "41234b0c", // and ecx,DWORD PTR [r11+0xc]
  "ebc7", // jmp 118d <end_of_environment+0x11e>
  "498d8c0b00200000", // lea rcx,[r11+rcx*1+0x2000]
  "4c89f8", // mov rax,r15
  "48890528eeffff", // mov QWORD PTR [rip+0xffffffffffffee28],rax # 0 <data>
  "498b7d00", // mov rdi,QWORD PTR [r13+0x0]
  "4883c712", // add rdi,0x12
  "488d3519eeffff", // lea rsi,[rip+0xffffffffffffee19] # 0 <data>
  "4c89f2", // mov rdx,r14
  "4531d2", // xor r10d,r10d
  "4531c0", // xor r8d,r8d
  "4531c9", // xor r9d,r9d
  "b8ff030000", // mov eax,0x3ff
  "4c8d1d06000000", // lea r11,[rip+0x6] # 1205 <hello_site>
  "4c895960", // mov QWORD PTR [rcx+0x60],r11
  "eb7f", // jmp 1284 <ask>
  // hello_site:
  "0f05", // syscall
  "4885c0", // test rax,rax
  "7818", // js 1224 <hide>
  "488905fdedffff", // mov QWORD PTR [rip+0xffffffffffffedfd],rax # 10 <process>
  "eb0f", // jmp 1224 <hide>
  // give_back:
  "4c89ff", // mov rdi,r15
  "be00208108", // mov esi,0x8812000
  "b80b000000", // mov eax,0xb
  "0f05", // syscall
  // hide:
  "488d4308", // lea rax,[rbx+0x8]
  // auxiliary:
  "48833800", // cmp QWORD PTR [rax],0x0
  "7418", // je 1246 <auxiliary_end>
  "4883381f", // cmp QWORD PTR [rax],0x1f
  "750c", // jne 1240 <auxiliary+0x18>
  "498b4d00", // mov rcx,QWORD PTR [r13+0x0]
  "4883c112", // add rcx,0x12
  "48894808", // mov QWORD PTR [rax+0x8],rcx
  "4883c010", // add rax,0x10
  "ebe2", // jmp 1228 <auxiliary>
  // auxiliary_end:
  "488d43f0", // lea rax,[rbx-0x10]
  "4939c4", // cmp r12,rax
  "7519", // jne 1268 <enter_program>
  "488d43f8", // lea rax,[rbx-0x8]
  "4939c5", // cmp r13,rax
  "7510", // jne 1268 <enter_program>
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
  "e900000000", // jmp 1284 <ask>
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
  "4889a9c8000000", // mov QWORD PTR [rcx+0xc8],rbp
  "4c89a1d0000000", // mov QWORD PTR [rcx+0xd0],r12
  "4c89a9d8000000", // mov QWORD PTR [rcx+0xd8],r13
  "4c89b9e0000000", // mov QWORD PTR [rcx+0xe0],r15
  "48896168", // mov QWORD PTR [rcx+0x68],rsp
  "48894970", // mov QWORD PTR [rcx+0x70],rcx
  "c7411000000000", // mov DWORD PTR [rcx+0x10],0x0
  "c781f400000000000000", // mov DWORD PTR [rcx+0xf4],0x0
  "4889cb", // mov rbx,rcx
  "488b05f7ecffff", // mov rax,QWORD PTR [rip+0xffffffffffffecf7] # 10 <process>
  "48894318", // mov QWORD PTR [rbx+0x18],rax
  "b8ba000000", // mov eax,0xba
  "0f05", // syscall
  "89430c", // mov DWORD PTR [rbx+0xc],eax
  "4c8b05d2ecffff", // mov r8,QWORD PTR [rip+0xffffffffffffecd2] # 0 <data>
  "8b4b20", // mov ecx,DWORD PTR [rbx+0x20]
  "4180bc080002000003", // cmp BYTE PTR [r8+rcx*1+0x200],0x3
  "0f84c0020000", // je 1600 <watch>
  // request:
  "4c8b05b9ecffff", // mov r8,QWORD PTR [rip+0xffffffffffffecb9] # 0 <data>
  "c70301000000", // mov DWORD PTR [rbx],0x1
  "4889d9", // mov rcx,rbx
  "4c29c1", // sub rcx,r8
  "81e900200000", // sub ecx,0x2000
  "c1e908", // shr ecx,0x8
  "f0410fab8800100000", // lock bts DWORD PTR [r8+0x1000],ecx
  "c1e905", // shr ecx,0x5
  "f0410fab8800010000", // lock bts DWORD PTR [r8+0x100],ecx
  "4183b8c000000000", // cmp DWORD PTR [r8+0xc0],0x0
  "7426", // je 13a1 <wait>
  "f041ff8080000000", // lock inc DWORD PTR [r8+0x80]
  "498db880000000", // lea rdi,[r8+0x80]
  "be01000000", // mov esi,0x1
  "ba01000000", // mov edx,0x1
  "b8ca000000", // mov eax,0xca
  "0f05", // syscall
  "418b7008", // mov esi,DWORD PTR [r8+0x8]
  "eb19", // jmp 13ba <wait+0x19>
  // wait:
  "418b7008", // mov esi,DWORD PTR [r8+0x8]
  "b940000000", // mov ecx,0x40
  "833b01", // cmp DWORD PTR [rbx],0x1
  "0f851b010000", // jne 14ce <answered>
  "f390", // pause
  "83e901", // sub ecx,0x1
  "7ff0", // jg 13aa <wait+0x9>
  "83ee01", // sub esi,0x1
  "7c0e", // jl 13cd <wait+0x2c>
  "b818000000", // mov eax,0x18
  "0f05", // syscall
  "b920000000", // mov ecx,0x20
  "ebdd", // jmp 13aa <wait+0x9>
  "b801000000", // mov eax,0x1
  "b903000000", // mov ecx,0x3
  "f00fb10b", // lock cmpxchg DWORD PTR [rbx],ecx
  "0f85ed000000", // jne 14ce <answered>
  "41f7404000000040", // test DWORD PTR [r8+0x40],0x40000000
  "0f858f000000", // jne 147e <withdraw>
  "4889df", // mov rdi,rbx
  "be00000000", // mov esi,0x0
  "ba03000000", // mov edx,0x3
  "4c8d15f5050000", // lea r10,[rip+0x5f5] # 19f8 <owner_check>
  "b8ca000000", // mov eax,0xca
  "0f05", // syscall
  "833b03", // cmp DWORD PTR [rbx],0x3
  "0f85bb000000", // jne 14ce <answered>
  "83f8fc", // cmp eax,0xfffffffc
  "75c9", // jne 13e1 <wait+0x40>
  "83bbf400000000", // cmp DWORD PTR [rbx+0xf4],0x0
  "75c0", // jne 13e1 <wait+0x40>
  "c783f400000001000000", // mov DWORD PTR [rbx+0xf4],0x1
  "4889d9", // mov rcx,rbx
  "4c29c1", // sub rcx,r8
  "81e900200000", // sub ecx,0x2000
  "c1e908", // shr ecx,0x8
  "f0410fab8800100000", // lock bts DWORD PTR [r8+0x1000],ecx
  "c1e905", // shr ecx,0x5
  "f0410fab8800010000", // lock bts DWORD PTR [r8+0x100],ecx
  "4183b8c000000000", // cmp DWORD PTR [r8+0xc0],0x0
  "7488", // je 13e1 <wait+0x40>
  "f041ff8080000000", // lock inc DWORD PTR [r8+0x80]
  "498db880000000", // lea rdi,[r8+0x80]
  "be01000000", // mov esi,0x1
  "ba01000000", // mov edx,0x1
  "b8ca000000", // mov eax,0xca
  "0f05", // syscall
  "e963ffffff", // jmp 13e1 <wait+0x40>
  // withdraw:
  "b803000000", // mov eax,0x3
  "b904000000", // mov ecx,0x4
  "f00fb10b", // lock cmpxchg DWORD PTR [rbx],ecx
  "7540", // jne 14ce <answered>
  "4183781800", // cmp DWORD PTR [r8+0x18],0x0
  "7516", // jne 14ab <end_process>
  "41c7401001000000", // mov DWORD PTR [r8+0x10],0x1
  "8b4310", // mov eax,DWORD PTR [rbx+0x10]
  "234314", // and eax,DWORD PTR [rbx+0x14]
  "0f84a0000000", // je 1549 <continue>
  "eb31", // jmp 14dc <return>
  // end_process:
  "b827000000", // mov eax,0x27
  "0f05", // syscall
  "89c7", // mov edi,eax
  "be09000000", // mov esi,0x9
  "b83e000000", // mov eax,0x3e
  "0f05", // syscall
  "bf89000000", // mov edi,0x89
  "b8e7000000", // mov eax,0xe7
  "0f05", // syscall
  "ebdd", // jmp 14ab <end_process>
  // answered:
  "8b4304", // mov eax,DWORD PTR [rbx+0x4]
  "83f801", // cmp eax,0x1
  "7473", // je 1549 <continue>
  "0f87d9000000", // ja 15b5 <run>
  // return:
  "4889d9", // mov rcx,rbx
  "488bb990000000", // mov rdi,QWORD PTR [rcx+0x90]
  "488bb198000000", // mov rsi,QWORD PTR [rcx+0x98]
  "488b91a0000000", // mov rdx,QWORD PTR [rcx+0xa0]
  "4c8b91a8000000", // mov r10,QWORD PTR [rcx+0xa8]
  "4c8b81b0000000", // mov r8,QWORD PTR [rcx+0xb0]
  "4c8b89b8000000", // mov r9,QWORD PTR [rcx+0xb8]
  "488ba9c8000000", // mov rbp,QWORD PTR [rcx+0xc8]
  "4c8ba1d0000000", // mov r12,QWORD PTR [rcx+0xd0]
  "4c8ba9d8000000", // mov r13,QWORD PTR [rcx+0xd8]
  "4c8bb9e0000000", // mov r15,QWORD PTR [rcx+0xe0]
  "488b99c0000000", // mov rbx,QWORD PTR [rcx+0xc0]
  "488b4158", // mov rax,QWORD PTR [rcx+0x58]
  "4c8b5960", // mov r11,QWORD PTR [rcx+0x60]
  "4983c302", // add r11,0x2
  "c7410c00000000", // mov DWORD PTR [rcx+0xc],0x0
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
  "488ba9c8000000", // mov rbp,QWORD PTR [rcx+0xc8]
  "4c8ba1d0000000", // mov r12,QWORD PTR [rcx+0xd0]
  "4c8ba9d8000000", // mov r13,QWORD PTR [rcx+0xd8]
  "4c8bb9e0000000", // mov r15,QWORD PTR [rcx+0xe0]
  "488b99c0000000", // mov rbx,QWORD PTR [rcx+0xc0]
  "488b8188000000", // mov rax,QWORD PTR [rcx+0x88]
  "4c8b5960", // mov r11,QWORD PTR [rcx+0x60]
  "c7410c00000000", // mov DWORD PTR [rcx+0xc],0x0
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
  "e940fdffff", // jmp 1340 <request>
  // watch:
  "4889d9", // mov rcx,rbx
  "4c29c1", // sub rcx,r8
  "81e900200000", // sub ecx,0x2000
  "c1e908", // shr ecx,0x8
  "81f900020000", // cmp ecx,0x200
  "0f8325fdffff", // jae 1340 <request>
  "69c900000400", // imul ecx,ecx,0x40000
  "4d8dac0800208100", // lea r13,[r8+rcx*1+0x812000]
  "8b83e8000000", // mov eax,DWORD PTR [rbx+0xe8]
  "89c1", // mov ecx,eax
  "2b8bec000000", // sub ecx,DWORD PTR [rbx+0xec]
  "81f900800300", // cmp ecx,0x38000
  "0f87fdfcffff", // ja 1340 <request>
  "25ffff0300", // and eax,0x3ffff
  "b900000400", // mov ecx,0x40000
  "29c1", // sub ecx,eax
  "81f900400000", // cmp ecx,0x4000
  "7316", // jae 166d <watch+0x6d>
  "41894c0500", // mov DWORD PTR [r13+rax*1+0x0],ecx
  "41c744050400000000", // mov DWORD PTR [r13+rax*1+0x4],0x0
  "018be8000000", // add DWORD PTR [rbx+0xe8],ecx
  "31c0", // xor eax,eax
  "4901c5", // add r13,rax
  "8b430c", // mov eax,DWORD PTR [rbx+0xc]
  "41894504", // mov DWORD PTR [r13+0x4],eax
  "488b4320", // mov rax,QWORD PTR [rbx+0x20]
  "49894508", // mov QWORD PTR [r13+0x8],rax
  "488b4318", // mov rax,QWORD PTR [rbx+0x18]
  "49894510", // mov QWORD PTR [r13+0x10],rax
  "488d7328", // lea rsi,[rbx+0x28]
  "498d7d30", // lea rdi,[r13+0x30]
  "b906000000", // mov ecx,0x6
  "f348a5", // rep movs QWORD PTR es:[rdi],QWORD PTR ds:[rsi]
  "4d8d6560", // lea r12,[r13+0x60]
  "c783f000000000000000", // mov DWORD PTR [rbx+0xf0],0x0
  // captures:
  "8b6b20", // mov ebp,DWORD PTR [rbx+0x20]
  "6bed40", // imul ebp,ebp,0x40
  "498dac2808208000", // lea rbp,[r8+rbp*1+0x802008]
  // next_capture:
  "0fb64500", // movzx eax,BYTE PTR [rbp+0x0]
  "85c0", // test eax,eax
  "0f8440010000", // je 17ff <captures_done>
  "0fb64d01", // movzx ecx,BYTE PTR [rbp+0x1]
  "8b93f0000000", // mov edx,DWORD PTR [rbx+0xf0]
  "85d2", // test edx,edx
  "7511", // jne 16de <next_capture+0x2b>
  "83f804", // cmp eax,0x4
  "0f840c010000", // je 17e2 <will_it_fit>
  "85c9", // test ecx,ecx
  "0f8518010000", // jne 17f6 <capture_done>
  "39d1", // cmp ecx,edx
  "0f8210010000", // jb 17f6 <capture_done>
  "0fb64d02", // movzx ecx,BYTE PTR [rbp+0x2]
  "4c8b7ccb28", // mov r15,QWORD PTR [rbx+rcx*8+0x28]
  "4981ff00000100", // cmp r15,0x10000
  "0f82fa000000", // jb 17f6 <capture_done>
  "4d893c24", // mov QWORD PTR [r12],r15
  "418954240c", // mov DWORD PTR [r12+0xc],edx
  "440fb74d06", // movzx r9d,WORD PTR [rbp+0x6]
  "0fb75504", // movzx edx,WORD PTR [rbp+0x4]
  "83f805", // cmp eax,0x5
  "7328", // jae 173b <copy_page>
  "83f801", // cmp eax,0x1
  "741c", // je 1734 <next_capture+0x81>
  "0fb64d03", // movzx ecx,BYTE PTR [rbp+0x3]
  "488b4ccb28", // mov rcx,QWORD PTR [rbx+rcx*8+0x28]
  "83f802", // cmp eax,0x2
  "7404", // je 172a <next_capture+0x77>
  "488b4b58", // mov rcx,QWORD PTR [rbx+0x58]
  "4c39c9", // cmp rcx,r9
  "490f47c9", // cmova rcx,r9
  "0fafd1", // imul edx,ecx
  "4439ca", // cmp edx,r9d
  "440f42ca", // cmovb r9d,edx
  // copy_page:
  "4585c9", // test r9d,r9d
  "0f8488000000", // je 17cc <copied>
  "bfffffffff", // mov edi,0xffffffff
  "4c89fe", // mov rsi,r15
  "4883e6f8", // and rsi,0xfffffffffffffff8
  "31d2", // xor edx,edx
  "41ba08000000", // mov r10d,0x8
  "b80e000000", // mov eax,0xe
  "0f05", // syscall
  "83f8ea", // cmp eax,0xffffffea
  "7568", // jne 17cc <copied>
  "4489f9", // mov ecx,r15d
  "81c900f0ffff", // or ecx,0xfffff000
  "f7d9", // neg ecx
  "4439c9", // cmp ecx,r9d
  "410f47c9", // cmova ecx,r9d
  "4129c9", // sub r9d,ecx
  "4c89fe", // mov rsi,r15
  "4c89ff", // mov rdi,r15
  "492b3c24", // sub rdi,QWORD PTR [r12]
  "498d7c3c10", // lea rdi,[r12+rdi*1+0x10]
  "807d0005", // cmp BYTE PTR [rbp+0x0],0x5
  "7307", // jae 1795 <copy_string>
  "4901cf", // add r15,rcx
  "f3a4", // rep movs BYTE PTR es:[rdi],BYTE PTR ds:[rsi]
  "eba6", // jmp 173b <copy_page>
  // copy_string:
  "ac", // lods al,BYTE PTR ds:[rsi]
  "aa", // stos BYTE PTR es:[rdi],al
  "84c0", // test al,al
  "7411", // je 17ac <string_end>
  "ffc9", // dec ecx
  "75f6", // jne 1795 <copy_string>
  "4989f7", // mov r15,rsi
  "4585c9", // test r9d,r9d
  "7594", // jne 173b <copy_page>
  "e994fbffff", // jmp 1340 <request>
  // string_end:
  "4989f7", // mov r15,rsi
  "807d0006", // cmp BYTE PTR [rbp+0x0],0x6
  "7517", // jne 17cc <copied>
  "41817c24102f70726f", // cmp DWORD PTR [r12+0x10],0x6f72702f
  "750c", // jne 17cc <copied>
  "41807c241463", // cmp BYTE PTR [r12+0x14],0x63
  "0f8474fbffff", // je 1340 <request>
  // copied:
  "4d2b3c24", // sub r15,QWORD PTR [r12]
  "45897c2408", // mov DWORD PTR [r12+0x8],r15d
  "498d4717", // lea rax,[r15+0x17]
  "4883e0f8", // and rax,0xfffffffffffffff8
  "4901c4", // add r12,rax
  "eb14", // jmp 17f6 <capture_done>
  // will_it_fit:
  "0fb64d03", // movzx ecx,BYTE PTR [rbp+0x3]
  "8b4ccb28", // mov ecx,DWORD PTR [rbx+rcx*8+0x28]
  "0fb75506", // movzx edx,WORD PTR [rbp+0x6]
  "39d1", // cmp ecx,edx
  "0f874afbffff", // ja 1340 <request>
  // capture_done:
  "4883c508", // add rbp,0x8
  "e9b4feffff", // jmp 16b3 <next_capture>
  // captures_done:
  "4489e1", // mov ecx,r12d
  "4429e9", // sub ecx,r13d
  "41894d00", // mov DWORD PTR [r13+0x0],ecx
  "83bbf000000000", // cmp DWORD PTR [rbx+0xf0],0x0
  "0f8582000000", // jne 1898 <journal>
  "8b4320", // mov eax,DWORD PTR [rbx+0x20]
  "6bc040", // imul eax,eax,0x40
  "4180bc000020800000", // cmp BYTE PTR [r8+rax*1+0x802000],0x0
  "0f841efdffff", // je 1549 <continue>
  "c70305000000", // mov DWORD PTR [rbx],0x5
  "0f31", // rdtsc
  "48c1e220", // shl rdx,0x20
  "4809d0", // or rax,rdx
  "49894520", // mov QWORD PTR [r13+0x20],rax
  "488b7b28", // mov rdi,QWORD PTR [rbx+0x28]
  "488b7330", // mov rsi,QWORD PTR [rbx+0x30]
  "488b5338", // mov rdx,QWORD PTR [rbx+0x38]
  "4c8b5340", // mov r10,QWORD PTR [rbx+0x40]
  "4c8b4348", // mov r8,QWORD PTR [rbx+0x48]
  "4c8b4b50", // mov r9,QWORD PTR [rbx+0x50]
  "488b4320", // mov rax,QWORD PTR [rbx+0x20]
  // watch_site:
  "0f05", // syscall
  "48894358", // mov QWORD PTR [rbx+0x58],rax
  "49894518", // mov QWORD PTR [r13+0x18],rax
  "0f31", // rdtsc
  "48c1e220", // shl rdx,0x20
  "4809d0", // or rax,rdx
  "49894528", // mov QWORD PTR [r13+0x28],rax
  "4c8b0588e7ffff", // mov r8,QWORD PTR [rip+0xffffffffffffe788] # 0 <data>
  "ba01000000", // mov edx,0x1
  "b902000000", // mov ecx,0x2
  "48817b5801f0ffff", // cmp QWORD PTR [rbx+0x58],0xfffffffffffff001
  "0f43d1", // cmovae edx,ecx
  "8993f0000000", // mov DWORD PTR [rbx+0xf0],edx
  "e90dfeffff", // jmp 16a5 <captures>
  // journal:
  "c70300000000", // mov DWORD PTR [rbx],0x0
  "018be8000000", // add DWORD PTR [rbx+0xe8],ecx
  "4889d9", // mov rcx,rbx
  "4c29c1", // sub rcx,r8
  "81e900200000", // sub ecx,0x2000
  "c1e908", // shr ecx,0x8
  "f0410fab8800080000", // lock bts DWORD PTR [r8+0x800],ecx
  "4183b8c400000000", // cmp DWORD PTR [r8+0xc4],0x0
  "0f8412fcffff", // je 14dc <return>
  "31c0", // xor eax,eax
  "418780c4000000", // xchg DWORD PTR [r8+0xc4],eax
  "85c0", // test eax,eax
  "0f8401fcffff", // je 14dc <return>
  "f041ff8080000000", // lock inc DWORD PTR [r8+0x80]
  "498db880000000", // lea rdi,[r8+0x80]
  "be01000000", // mov esi,0x1
  "ba01000000", // mov edx,0x1
  "b8ca000000", // mov eax,0xca
  "0f05", // syscall
  "e9dcfbffff", // jmp 14dc <return>
  // ticks:
  "0f31", // rdtsc
  "48c1e220", // shl rdx,0x20
  "4809d0", // or rax,rdx
  "c3", // ret
  // thunk:
  "4c8b1defe6ffff", // mov r11,QWORD PTR [rip+0xffffffffffffe6ef] # 0 <data>
  "4d85db", // test r11,r11
  "7416", // je 192c <pass>
  "3d00040000", // cmp eax,0x400
  "730f", // jae 192c <pass>
  "89c1", // mov ecx,eax
  "410fb68c0b00020000", // movzx ecx,BYTE PTR [r11+rcx*1+0x200]
  "85c9", // test ecx,ecx
  "7505", // jne 1931 <pass+0x5>
  // pass:
  "e900000000", // jmp 1931 <pass+0x5>
  "41837b1000", // cmp DWORD PTR [r11+0x10],0x0
  "75f4", // jne 192c <pass>
  "83f902", // cmp ecx,0x2
  "751f", // jne 195c <pass+0x30>
  "89f9", // mov ecx,edi
  "81f900000100", // cmp ecx,0x10000
  "7315", // jae 195c <pass+0x30>
  "4c8b1dbae6ffff", // mov r11,QWORD PTR [rip+0xffffffffffffe6ba] # 8 <marks>
  "41803c0b00", // cmp BYTE PTR [r11+rcx*1],0x0
  "74d7", // je 192c <pass>
  "4c8b1da4e6ffff", // mov r11,QWORD PTR [rip+0xffffffffffffe6a4] # 0 <data>
  "b97b000000", // mov ecx,0x7b
  "0f03c9", // lsl ecx,ecx
  "81e1ff0f0000", // and ecx,0xfff
  "69c900100000", // imul ecx,ecx,0x1000
  "41234b14", // and ecx,DWORD PTR [r11+0x14]
  "f0410fbaac0b0820000000", // lock bts DWORD PTR [r11+rcx*1+0x2008],0x0
  "7359", // jae 19da <pass+0xae>
  "81c100010000", // add ecx,0x100
  "f7c1ff0f0000", // test ecx,0xfff
  "75e1", // jne 1970 <pass+0x44>
  "4889e1", // mov rcx,rsp
  "48c1e903", // shr rcx,0x3
  "41234b14", // and ecx,DWORD PTR [r11+0x14]
  "f0410fbaac0b0820000000", // lock bts DWORD PTR [r11+rcx*1+0x2008],0x0
  "7333", // jae 19da <pass+0xae>
  "f390", // pause
  "41837b1000", // cmp DWORD PTR [r11+0x10],0x0
  "0f8578ffffff", // jne 192c <pass>
  "41f7434000000040", // test DWORD PTR [r11+0x40],0x40000000
  "7410", // je 19ce <pass+0xa2>
  "41837b1800", // cmp DWORD PTR [r11+0x18],0x0
  "0f85e2faffff", // jne 14ab <end_process>
  "e95effffff", // jmp 192c <pass>
  "81c100010000", // add ecx,0x100
  "41234b0c", // and ecx,DWORD PTR [r11+0xc]
  "ebc0", // jmp 199a <pass+0x6e>
  "498d8c0b00200000", // lea rcx,[r11+rcx*1+0x2000]
  // site:
  "4c8d1d00000000", // lea r11,[rip+0x0] # 19e9 <site+0x7>
  "4c895960", // mov QWORD PTR [rcx+0x60],r11
  "e992f8ffff", // jmp 1284 <ask>
  // thunk_end:
  "660f1f440000", // nop WORD PTR [rax+rax*1+0x0]
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
    hello_site: 0x1205,
    entry: 0x127f,
    ask: 0x1284,
    request: 0x1340,
    wait: 0x13a1,
    end_process: 0x14ab,
    answered: 0x14ce,
    return: 0x14dc,
    continue: 0x1549,
    run: 0x15b5,
    run_site: 0x15de,
    watch: 0x1600,
    watch_site: 0x185a,
    ticks: 0x1900,
    thunk: 0x190a,
    pass: 0x192c,
    site: 0x19e2,
    thunk_end: 0x19f2,
  },
};
