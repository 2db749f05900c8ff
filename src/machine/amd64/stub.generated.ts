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
  "0f84e3010000", // je 125b <enter_program>
  "4d85ed", // test r13,r13
  "0f84da010000", // je 125b <enter_program>
  "498b3c24", // mov rdi,QWORD PTR [r12]
  "4883c712", // add rdi,0x12
  "be02000800", // mov esi,0x80002
  "31d2", // xor edx,edx
  "b802000000", // mov eax,0x2
  "0f05", // syscall
  "85c0", // test eax,eax
  "0f8878010000", // js 1217 <hide>
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
  "0f873c010000", // ja 1217 <hide>
  "41813f454c5357", // cmp DWORD PTR [r15],0x57534c45
  "0f8520010000", // jne 1208 <give_back>
  "41837f0402", // cmp DWORD PTR [r15+0x4],0x2
  "0f8515010000", // jne 1208 <give_back>
  "31ff", // xor edi,edi
  "be00000100", // mov esi,0x10000
  "ba03000000", // mov edx,0x3
  "41ba22000000", // mov r10d,0x22
  "49c7c0ffffffff", // mov r8,0xffffffffffffffff
  "4531c9", // xor r9d,r9d
  "b809000000", // mov eax,0x9
  "0f05", // syscall
  "483d00f0ffff", // cmp rax,0xfffffffffffff000
  "0f87e6000000", // ja 1208 <give_back>
  "4989c6", // mov r14,rax
  "488d3dd4eeffff", // lea rdi,[rip+0xffffffffffffeed4] # 0 <data>
  "be00100000", // mov esi,0x1000
  "ba03000000", // mov edx,0x3
  "b80a000000", // mov eax,0xa
  "0f05", // syscall
  "85c0", // test eax,eax
  "0f85c3000000", // jne 1208 <give_back>
  "4c8935bceeffff", // mov QWORD PTR [rip+0xffffffffffffeebc],r14 # 8 <marks>
  "4d89fb", // mov r11,r15
  "b97b000000", // mov ecx,0x7b
  "0f03c9", // lsl ecx,ecx
  "81e1ff0f0000", // and ecx,0xfff
  "69c900100000", // imul ecx,ecx,0x1000
  "41234b14", // and ecx,DWORD PTR [r11+0x14]
  "f0410fbaac0b0820000000", // lock bts DWORD PTR [r11+rcx*1+0x2008],0x0
  "7345", // jae 11b9 <end_of_environment+0x14a>
  "81c100010000", // add ecx,0x100
  "f7c1ff0f0000", // test ecx,0xfff
  "75e1", // jne 1163 <end_of_environment+0xf4>
  "4889e1", // mov rcx,rsp
  "48c1e903", // shr rcx,0x3
  "41234b14", // and ecx,DWORD PTR [r11+0x14]
  "f0410fbaac0b0820000000", // lock bts DWORD PTR [r11+rcx*1+0x2008],0x0
  "731f", // jae 11b9 <end_of_environment+0x14a>
  "f390", // pause
  "41837b1000", // cmp DWORD PTR [r11+0x10],0x0
  "7565", // jne 1208 <give_back>
  "41f7434000000040", // test DWORD PTR [r11+0x40],0x40000000
  "755b", // jne 1208 <give_back>
  "81c100010000", // add ecx,0x100
  "41234b0c", // and ecx,DWORD PTR [r11+0xc]
  "ebd4", // jmp 118d <end_of_environment+0x11e>
  "498d8c0b00200000", // lea rcx,[r11+rcx*1+0x2000]
  "4c89f8", // mov rax,r15
  "48890535eeffff", // mov QWORD PTR [rip+0xffffffffffffee35],rax # 0 <data>
  "498b7d00", // mov rdi,QWORD PTR [r13+0x0]
  "4883c712", // add rdi,0x12
  "488d3526eeffff", // lea rsi,[rip+0xffffffffffffee26] # 0 <data>
  "4c89f2", // mov rdx,r14
  "4531d2", // xor r10d,r10d
  "4531c0", // xor r8d,r8d
  "4531c9", // xor r9d,r9d
  "b8ff030000", // mov eax,0x3ff
  "4c8d1d06000000", // lea r11,[rip+0x6] # 11f8 <hello_site>
  "4c895960", // mov QWORD PTR [rcx+0x60],r11
  "eb7f", // jmp 1277 <ask>
  // hello_site:
  "0f05", // syscall
  "4885c0", // test rax,rax
  "7818", // js 1217 <hide>
  "4889050aeeffff", // mov QWORD PTR [rip+0xffffffffffffee0a],rax # 10 <process>
  "eb0f", // jmp 1217 <hide>
  // give_back:
  "4c89ff", // mov rdi,r15
  "be00208108", // mov esi,0x8812000
  "b80b000000", // mov eax,0xb
  "0f05", // syscall
  // hide:
  "488d4308", // lea rax,[rbx+0x8]
  // auxiliary:
  "48833800", // cmp QWORD PTR [rax],0x0
  "7418", // je 1239 <auxiliary_end>
  "4883381f", // cmp QWORD PTR [rax],0x1f
  "750c", // jne 1233 <auxiliary+0x18>
  "498b4d00", // mov rcx,QWORD PTR [r13+0x0]
  "4883c112", // add rcx,0x12
  "48894808", // mov QWORD PTR [rax+0x8],rcx
  "4883c010", // add rax,0x10
  "ebe2", // jmp 121b <auxiliary>
  // auxiliary_end:
  "488d43f0", // lea rax,[rbx-0x10]
  "4939c4", // cmp r12,rax
  "7519", // jne 125b <enter_program>
  "488d43f8", // lea rax,[rbx-0x8]
  "4939c5", // cmp r13,rax
  "7510", // jne 125b <enter_program>
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
  "e900000000", // jmp 1277 <ask>
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
  "4889cb", // mov rbx,rcx
  "488b050eedffff", // mov rax,QWORD PTR [rip+0xffffffffffffed0e] # 10 <process>
  "48894318", // mov QWORD PTR [rbx+0x18],rax
  "b8ba000000", // mov eax,0xba
  "0f05", // syscall
  "89430c", // mov DWORD PTR [rbx+0xc],eax
  "4c8b05e9ecffff", // mov r8,QWORD PTR [rip+0xffffffffffffece9] # 0 <data>
  "8b4b20", // mov ecx,DWORD PTR [rbx+0x20]
  "4180bc080002000003", // cmp BYTE PTR [r8+rcx*1+0x200],0x3
  "0f8419020000", // je 1542 <watch>
  // request:
  "4c8b05d0ecffff", // mov r8,QWORD PTR [rip+0xffffffffffffecd0] # 0 <data>
  "c70301000000", // mov DWORD PTR [rbx],0x1
  "4889d9", // mov rcx,rbx
  "4c29c1", // sub rcx,r8
  "81e900200000", // sub ecx,0x2000
  "c1e908", // shr ecx,0x8
  "f0410fab8800100000", // lock bts DWORD PTR [r8+0x1000],ecx
  "c1e905", // shr ecx,0x5
  "f0410fab8800010000", // lock bts DWORD PTR [r8+0x100],ecx
  "4183b8c000000000", // cmp DWORD PTR [r8+0xc0],0x0
  "7426", // je 138a <wait>
  "f041ff8080000000", // lock inc DWORD PTR [r8+0x80]
  "498db880000000", // lea rdi,[r8+0x80]
  "be01000000", // mov esi,0x1
  "ba01000000", // mov edx,0x1
  "b8ca000000", // mov eax,0xca
  "0f05", // syscall
  "418b7008", // mov esi,DWORD PTR [r8+0x8]
  "eb15", // jmp 139f <wait+0x15>
  // wait:
  "418b7008", // mov esi,DWORD PTR [r8+0x8]
  "b940000000", // mov ecx,0x40
  "833b01", // cmp DWORD PTR [rbx],0x1
  "7578", // jne 1410 <answered>
  "f390", // pause
  "83e901", // sub ecx,0x1
  "7ff4", // jg 1393 <wait+0x9>
  "83ee01", // sub esi,0x1
  "7c0e", // jl 13b2 <wait+0x28>
  "b818000000", // mov eax,0x18
  "0f05", // syscall
  "b920000000", // mov ecx,0x20
  "ebe1", // jmp 1393 <wait+0x9>
  "b801000000", // mov eax,0x1
  "b903000000", // mov ecx,0x3
  "f00fb10b", // lock cmpxchg DWORD PTR [rbx],ecx
  "754e", // jne 1410 <answered>
  "41f7404000000040", // test DWORD PTR [r8+0x40],0x40000000
  "7522", // jne 13ee <withdraw>
  "4889df", // mov rdi,rbx
  "be00000000", // mov esi,0x0
  "ba03000000", // mov edx,0x3
  "4c8d1548050000", // lea r10,[rip+0x548] # 1928 <thunk_end>
  "b8ca000000", // mov eax,0xca
  "0f05", // syscall
  "833b03", // cmp DWORD PTR [rbx],0x3
  "74d6", // je 13c2 <wait+0x38>
  "eb22", // jmp 1410 <answered>
  // withdraw:
  "b803000000", // mov eax,0x3
  "b904000000", // mov ecx,0x4
  "f00fb10b", // lock cmpxchg DWORD PTR [rbx],ecx
  "7512", // jne 1410 <answered>
  "41c7401001000000", // mov DWORD PTR [r8+0x10],0x1
  "8b4310", // mov eax,DWORD PTR [rbx+0x10]
  "234314", // and eax,DWORD PTR [rbx+0x14]
  "747d", // je 148b <continue>
  "eb0e", // jmp 141e <return>
  // answered:
  "8b4304", // mov eax,DWORD PTR [rbx+0x4]
  "83f801", // cmp eax,0x1
  "7473", // je 148b <continue>
  "0f87d9000000", // ja 14f7 <run>
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
  "e9e7fdffff", // jmp 1329 <request>
  // watch:
  "4889d9", // mov rcx,rbx
  "4c29c1", // sub rcx,r8
  "81e900200000", // sub ecx,0x2000
  "c1e908", // shr ecx,0x8
  "81f900020000", // cmp ecx,0x200
  "0f83ccfdffff", // jae 1329 <request>
  "69c900000400", // imul ecx,ecx,0x40000
  "4d8dac0800208100", // lea r13,[r8+rcx*1+0x812000]
  "8b83e8000000", // mov eax,DWORD PTR [rbx+0xe8]
  "89c1", // mov ecx,eax
  "2b8bec000000", // sub ecx,DWORD PTR [rbx+0xec]
  "81f900800300", // cmp ecx,0x38000
  "0f87a4fdffff", // ja 1329 <request>
  "25ffff0300", // and eax,0x3ffff
  "b900000400", // mov ecx,0x40000
  "29c1", // sub ecx,eax
  "81f900400000", // cmp ecx,0x4000
  "7316", // jae 15af <watch+0x6d>
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
  "0f8440010000", // je 1741 <captures_done>
  "0fb64d01", // movzx ecx,BYTE PTR [rbp+0x1]
  "8b93f0000000", // mov edx,DWORD PTR [rbx+0xf0]
  "85d2", // test edx,edx
  "7511", // jne 1620 <next_capture+0x2b>
  "83f804", // cmp eax,0x4
  "0f840c010000", // je 1724 <will_it_fit>
  "85c9", // test ecx,ecx
  "0f8518010000", // jne 1738 <capture_done>
  "39d1", // cmp ecx,edx
  "0f8210010000", // jb 1738 <capture_done>
  "0fb64d02", // movzx ecx,BYTE PTR [rbp+0x2]
  "4c8b7ccb28", // mov r15,QWORD PTR [rbx+rcx*8+0x28]
  "4981ff00000100", // cmp r15,0x10000
  "0f82fa000000", // jb 1738 <capture_done>
  "4d893c24", // mov QWORD PTR [r12],r15
  "418954240c", // mov DWORD PTR [r12+0xc],edx
  "440fb74d06", // movzx r9d,WORD PTR [rbp+0x6]
  "0fb75504", // movzx edx,WORD PTR [rbp+0x4]
  "83f805", // cmp eax,0x5
  "7328", // jae 167d <copy_page>
  "83f801", // cmp eax,0x1
  "741c", // je 1676 <next_capture+0x81>
  "0fb64d03", // movzx ecx,BYTE PTR [rbp+0x3]
  "488b4ccb28", // mov rcx,QWORD PTR [rbx+rcx*8+0x28]
  "83f802", // cmp eax,0x2
  "7404", // je 166c <next_capture+0x77>
  "488b4b58", // mov rcx,QWORD PTR [rbx+0x58]
  "4c39c9", // cmp rcx,r9
  "490f47c9", // cmova rcx,r9
  "0fafd1", // imul edx,ecx
  "4439ca", // cmp edx,r9d
  "440f42ca", // cmovb r9d,edx
  // copy_page:
  "4585c9", // test r9d,r9d
  "0f8488000000", // je 170e <copied>
  "bfffffffff", // mov edi,0xffffffff
  "4c89fe", // mov rsi,r15
  "4883e6f8", // and rsi,0xfffffffffffffff8
  "31d2", // xor edx,edx
  "41ba08000000", // mov r10d,0x8
  "b80e000000", // mov eax,0xe
  "0f05", // syscall
  "83f8ea", // cmp eax,0xffffffea
  "7568", // jne 170e <copied>
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
  "7307", // jae 16d7 <copy_string>
  "4901cf", // add r15,rcx
  "f3a4", // rep movs BYTE PTR es:[rdi],BYTE PTR ds:[rsi]
  "eba6", // jmp 167d <copy_page>
  // copy_string:
  "ac", // lods al,BYTE PTR ds:[rsi]
  "aa", // stos BYTE PTR es:[rdi],al
  "84c0", // test al,al
  "7411", // je 16ee <string_end>
  "ffc9", // dec ecx
  "75f6", // jne 16d7 <copy_string>
  "4989f7", // mov r15,rsi
  "4585c9", // test r9d,r9d
  "7594", // jne 167d <copy_page>
  "e93bfcffff", // jmp 1329 <request>
  // string_end:
  "4989f7", // mov r15,rsi
  "807d0006", // cmp BYTE PTR [rbp+0x0],0x6
  "7517", // jne 170e <copied>
  "41817c24102f70726f", // cmp DWORD PTR [r12+0x10],0x6f72702f
  "750c", // jne 170e <copied>
  "41807c241463", // cmp BYTE PTR [r12+0x14],0x63
  "0f841bfcffff", // je 1329 <request>
  // copied:
  "4d2b3c24", // sub r15,QWORD PTR [r12]
  "45897c2408", // mov DWORD PTR [r12+0x8],r15d
  "498d4717", // lea rax,[r15+0x17]
  "4883e0f8", // and rax,0xfffffffffffffff8
  "4901c4", // add r12,rax
  "eb14", // jmp 1738 <capture_done>
  // will_it_fit:
  "0fb64d03", // movzx ecx,BYTE PTR [rbp+0x3]
  "8b4ccb28", // mov ecx,DWORD PTR [rbx+rcx*8+0x28]
  "0fb75506", // movzx edx,WORD PTR [rbp+0x6]
  "39d1", // cmp ecx,edx
  "0f87f1fbffff", // ja 1329 <request>
  // capture_done:
  "4883c508", // add rbp,0x8
  "e9b4feffff", // jmp 15f5 <next_capture>
  // captures_done:
  "4489e1", // mov ecx,r12d
  "4429e9", // sub ecx,r13d
  "41894d00", // mov DWORD PTR [r13+0x0],ecx
  "83bbf000000000", // cmp DWORD PTR [rbx+0xf0],0x0
  "0f8582000000", // jne 17da <journal>
  "8b4320", // mov eax,DWORD PTR [rbx+0x20]
  "6bc040", // imul eax,eax,0x40
  "4180bc000020800000", // cmp BYTE PTR [r8+rax*1+0x802000],0x0
  "0f841efdffff", // je 148b <continue>
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
  "4c8b0546e8ffff", // mov r8,QWORD PTR [rip+0xffffffffffffe846] # 0 <data>
  "ba01000000", // mov edx,0x1
  "b902000000", // mov ecx,0x2
  "48817b5801f0ffff", // cmp QWORD PTR [rbx+0x58],0xfffffffffffff001
  "0f43d1", // cmovae edx,ecx
  "8993f0000000", // mov DWORD PTR [rbx+0xf0],edx
  "e90dfeffff", // jmp 15e7 <captures>
  // journal:
  "c70300000000", // mov DWORD PTR [rbx],0x0
  "018be8000000", // add DWORD PTR [rbx+0xe8],ecx
  "4889d9", // mov rcx,rbx
  "4c29c1", // sub rcx,r8
  "81e900200000", // sub ecx,0x2000
  "c1e908", // shr ecx,0x8
  "f0410fab8800080000", // lock bts DWORD PTR [r8+0x800],ecx
  "4183b8c400000000", // cmp DWORD PTR [r8+0xc4],0x0
  "0f8412fcffff", // je 141e <return>
  "31c0", // xor eax,eax
  "418780c4000000", // xchg DWORD PTR [r8+0xc4],eax
  "85c0", // test eax,eax
  "0f8401fcffff", // je 141e <return>
  "f041ff8080000000", // lock inc DWORD PTR [r8+0x80]
  "498db880000000", // lea rdi,[r8+0x80]
  "be01000000", // mov esi,0x1
  "ba01000000", // mov edx,0x1
  "b8ca000000", // mov eax,0xca
  "0f05", // syscall
  "e9dcfbffff", // jmp 141e <return>
  // ticks:
  "0f31", // rdtsc
  "48c1e220", // shl rdx,0x20
  "4809d0", // or rax,rdx
  "c3", // ret
  // thunk:
  "4c8b1dade7ffff", // mov r11,QWORD PTR [rip+0xffffffffffffe7ad] # 0 <data>
  "4d85db", // test r11,r11
  "7416", // je 186e <pass>
  "3d00040000", // cmp eax,0x400
  "730f", // jae 186e <pass>
  "89c1", // mov ecx,eax
  "410fb68c0b00020000", // movzx ecx,BYTE PTR [r11+rcx*1+0x200]
  "85c9", // test ecx,ecx
  "7505", // jne 1873 <pass+0x5>
  // pass:
  "e900000000", // jmp 1873 <pass+0x5>
  "41837b1000", // cmp DWORD PTR [r11+0x10],0x0
  "75f4", // jne 186e <pass>
  "83f902", // cmp ecx,0x2
  "751f", // jne 189e <pass+0x30>
  "89f9", // mov ecx,edi
  "81f900000100", // cmp ecx,0x10000
  "7315", // jae 189e <pass+0x30>
  "4c8b1d78e7ffff", // mov r11,QWORD PTR [rip+0xffffffffffffe778] # 8 <marks>
  "41803c0b00", // cmp BYTE PTR [r11+rcx*1],0x0
  "74d7", // je 186e <pass>
  "4c8b1d62e7ffff", // mov r11,QWORD PTR [rip+0xffffffffffffe762] # 0 <data>
  "b97b000000", // mov ecx,0x7b
  "0f03c9", // lsl ecx,ecx
  "81e1ff0f0000", // and ecx,0xfff
  "69c900100000", // imul ecx,ecx,0x1000
  "41234b14", // and ecx,DWORD PTR [r11+0x14]
  "f0410fbaac0b0820000000", // lock bts DWORD PTR [r11+rcx*1+0x2008],0x0
  "734d", // jae 1910 <pass+0xa2>
  "81c100010000", // add ecx,0x100
  "f7c1ff0f0000", // test ecx,0xfff
  "75e1", // jne 18b2 <pass+0x44>
  "4889e1", // mov rcx,rsp
  "48c1e903", // shr rcx,0x3
  "41234b14", // and ecx,DWORD PTR [r11+0x14]
  "f0410fbaac0b0820000000", // lock bts DWORD PTR [r11+rcx*1+0x2008],0x0
  "7327", // jae 1910 <pass+0xa2>
  "f390", // pause
  "41837b1000", // cmp DWORD PTR [r11+0x10],0x0
  "0f8578ffffff", // jne 186e <pass>
  "41f7434000000040", // test DWORD PTR [r11+0x40],0x40000000
  "0f856affffff", // jne 186e <pass>
  "81c100010000", // add ecx,0x100
  "41234b0c", // and ecx,DWORD PTR [r11+0xc]
  "ebcc", // jmp 18dc <pass+0x6e>
  "498d8c0b00200000", // lea rcx,[r11+rcx*1+0x2000]
  // site:
  "4c8d1d00000000", // lea r11,[rip+0x0] # 191f <site+0x7>
  "4c895960", // mov QWORD PTR [rcx+0x60],r11
  "e94ff9ffff", // jmp 1277 <ask>
  // thunk_end:
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
    hello_site: 0x11f8,
    entry: 0x1272,
    ask: 0x1277,
    request: 0x1329,
    wait: 0x138a,
    answered: 0x1410,
    return: 0x141e,
    continue: 0x148b,
    run: 0x14f7,
    run_site: 0x1520,
    watch: 0x1542,
    watch_site: 0x179c,
    ticks: 0x1842,
    thunk: 0x184c,
    pass: 0x186e,
    site: 0x1918,
    thunk_end: 0x1928,
  },
};
