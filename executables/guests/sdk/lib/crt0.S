/* The first instructions of a guest: from reset to main(), and from its return to exit(). What C
 * calls zero is zero already: clearing it would only make the sandbox commit the memory. */
	.text
	.globl	__start
	.weak	_start
	.type	__start, @function
__start:
_start:
	xor	$fp, $fp		/* a frame of zero ends a walk up the stack */
	gsr	$sp, 7			/* the sandbox names the end of the stack */
	dec	$sp, 24			/* every caller leaves room for six arguments */

	gsr	$r0, 6			/* the sandbox names the list of descriptors */
	sta.l	moxie_memmap, $r0

	jsra	_init			/* constructors */
	ldi.l	$r0, _fini		/* destructors */
	jsra	atexit

	xor	$r0, $r0		/* main(0, {NULL}) */
	ldi.l	$r1, .Lno_arguments
	jsra	main
	jsra	exit
	.size	__start, . - __start

	.data
	.p2align 2
.Lno_arguments:
	.long	0
