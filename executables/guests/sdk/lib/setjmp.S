/* setjmp and longjmp. A jmp_buf holds what gcc takes for granted across a call: $r6 to $r11, the
 * caller's frame and stack, and where to go on. Within setjmp the caller's frame lies at ($fp),
 * the return address at 4($fp), and the caller's stack pointer will be $fp + 12. */
	.section .text.setjmp, "ax", @progbits
	.globl	setjmp
	.type	setjmp, @function
setjmp:
	st.l	($r0), $r6
	sto.l	4($r0), $r7
	sto.l	8($r0), $r8
	sto.l	12($r0), $r9
	sto.l	16($r0), $r10
	sto.l	20($r0), $r11
	ld.l	$r1, ($fp)
	sto.l	24($r0), $r1
	ldo.l	$r1, 4($fp)
	sto.l	28($r0), $r1
	mov	$r1, $fp
	inc	$r1, 12
	sto.l	32($r0), $r1
	xor	$r0, $r0
	ret
	.size	setjmp, . - setjmp

	.section .text.longjmp, "ax", @progbits
	.globl	longjmp
	.type	longjmp, @function
longjmp:
	ld.l	$r6, ($r0)
	ldo.l	$r7, 4($r0)
	ldo.l	$r8, 8($r0)
	ldo.l	$r9, 12($r0)
	ldo.l	$r10, 16($r0)
	ldo.l	$r11, 20($r0)
	ldo.l	$fp, 24($r0)
	ldo.l	$r2, 28($r0)
	ldo.l	$sp, 32($r0)
	mov	$r0, $r1		/* what setjmp returns this time: never 0 */
	xor	$r3, $r3
	cmp	$r0, $r3
	bne	.Lgo
	ldi.l	$r0, 1
.Lgo:
	jmp	$r2
	.size	longjmp, . - longjmp
