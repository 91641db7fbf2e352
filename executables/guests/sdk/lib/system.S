/* What C cannot say: system calls and special registers. */
	.section .text.setreturn, "ax", @progbits
	.globl	setreturn
	.type	setreturn, @function
setreturn:
	ssr	$r0, 6
	ssr	$r1, 7
	ret
	.size	setreturn, . - setreturn

	.section .text.sandbox_set_state, "ax", @progbits
	.globl	sandbox_set_state
	.type	sandbox_set_state, @function
sandbox_set_state:
	ssr	$r0, 8
	ssr	$r1, 9
	ret
	.size	sandbox_set_state, . - sandbox_set_state

	.section .text._exit, "ax", @progbits
	.globl	_exit
	.type	_exit, @function
_exit:
	swi	1
	.size	_exit, . - _exit

	.section .text.mmap, "ax", @progbits
	.weak	mmap
	.type	mmap, @function
mmap:
	swi	90
	ret
	.size	mmap, . - mmap
