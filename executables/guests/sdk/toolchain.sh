#!/bin/sh
# Builds the compiler of guests (binutils 2.40, gcc 12.2, newlib 3.3 for moxie-moxiebox) from Debian's
# source packages and installs it:
#
#   sh toolchain.sh PREFIX [BUILD_FOLDER]
#
# Needs, from apt: binutils-source gcc-12-source newlib-source gcc make flex bison libgmp-dev
# libmpfr-dev libmpc-dev zlib1g-dev. SOURCES names another folder than /usr/src that holds them.
# Takes half an hour on two processors and 3 GB of disk. Afterwards put PREFIX/bin on PATH.
#
# Four things do not work as they come, and are put right below where "fix" stands.
set -eu

prefix=${1:?usage: toolchain.sh PREFIX [BUILD_FOLDER]}
build=${2:-$(mktemp -d)}
sources=${SOURCES:-/usr/src}
target=moxie-moxiebox
jobs=$(nproc)
mkdir -p "$prefix" "$build"
prefix=$(cd "$prefix" && pwd)
cd "$build"
PATH=$prefix/bin:$PATH
export PATH MAKEINFO=true

# unpack NAME FILE...: the first FILE that exists becomes the folder NAME.
unpack() {
  name=$1
  shift
  [ -d "$name" ] && return
  for file; do
    [ -f "$file" ] || continue
    echo "unpacking $file"
    mkdir "$name.part"
    # fix 1: the folders in the archives have names of their own (newlib's is newlib-salsa).
    tar -xf "$file" -C "$name.part" --strip-components=1
    mv "$name.part" "$name"
    return
  done
  echo "toolchain.sh: none of these is there, is its package installed? $*" >&2
  exit 1
}
unpack binutils "$sources"/binutils/binutils-*.tar.*
unpack gcc "$sources"/gcc-12/gcc-12*.tar.*
unpack newlib "$sources"/newlib/newlib*.tar.*

# fix 2: libgcc takes the processor for big-endian, and all floating point is wrong.
sfp=gcc/libgcc/config/moxie/sfp-machine.h
sed -i 's/^# *define __BYTE_ORDER __BIG_ENDIAN$/#ifdef __MOXIE_LITTLE_ENDIAN__\
#define __BYTE_ORDER __LITTLE_ENDIAN\
#else\
#define __BYTE_ORDER __BIG_ENDIAN\
#endif/' $sfp
grep -q __MOXIE_LITTLE_ENDIAN__ $sfp || { echo "toolchain.sh: $sfp is not as it was" >&2; exit 1; }

# fix 3: newlib's setjmp keeps $r6 to $r10, but a call keeps $r11 as well. The SDK has its own
# setjmp; here the buffer gets room, and newlib's own is put right too.
sed -i '/ifdef __moxie__/,/endif/s/_JBLEN 10/_JBLEN 11/' newlib/newlib/libc/include/machine/setjmp.h
setjmp=newlib/newlib/libc/machine/moxie/setjmp.S
grep -q 'r11' $setjmp || sed -i -e 's/^\(.*\)sto\.l\(.*\)0x10(\$r0), \$r10.*/&\
\1sto.l\20x28($r0), $r11/' -e 's/^\(.*\)ldo\.l\(.*\)\$r10, 0x10(\$r0).*/&\
\1ldo.l\2$r11, 0x28($r0)/' $setjmp
[ "$(grep -c r11 $setjmp)" -ge 2 ] || { echo "toolchain.sh: $setjmp is not as it was" >&2; exit 1; }

# configured NAME OPTIONS...: a build folder for NAME, configured once.
configured() {
  name=$1
  shift
  mkdir -p "build-$name"
  [ -f "build-$name/Makefile" ] ||
    (cd "build-$name" && "../$name/configure" --target=$target --prefix="$prefix" --disable-nls "$@")
}

configured binutils --disable-gdb --disable-gprofng --disable-werror
make -C build-binutils -j"$jobs" all
make -C build-binutils install

configured gcc --enable-languages=c --without-headers --with-newlib --disable-libssp \
  --disable-shared --disable-threads --disable-lto --disable-libquadmath
make -C build-gcc -j"$jobs" all-gcc
# fix 4: Debian's archive has no manual, and what is made from it must not be made again.
touch build-gcc/gcc/s-tm-texi
make -C build-gcc install-gcc
make -C build-gcc -j"$jobs" all-target-libgcc
make -C build-gcc install-target-libgcc

configured newlib
make -C build-newlib -j"$jobs" all
make -C build-newlib install
echo "installed in $prefix; build folder: $build"
