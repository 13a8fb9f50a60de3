#!/bin/sh
# Runs a command on Mesa's lavapipe, the one GPU made of software that computes in f16 (`shader-f16`): in a Debian trixie
# below ROOT, made by debootstrap the first time (2 minutes, 0.7 GB). Its subgroups are 8 wide, with which ONNX Runtime's
# attention is wrong through Dawn's Vulkan back end. As root, on Debian:
#
#   sh bench/lavapipe.sh [--patched] ROOT [command …]      default: node_modules/.bin/tsx bench/device-loss.ts
#
# --patched: with a copy of onnxruntime-node's library whose attention shader sets its variables to zero, of the same
# length to the byte: what a right GPU gives. Nothing outside ROOT is changed; mounts end with the command.
set -eu

PATCHED=0
if [ "${1-}" = --patched ]; then
  PATCHED=1
  shift
fi
ROOT=${1:?a folder for the Debian root is expected}
shift
HERE=$(cd "$(dirname "$0")/.." && pwd)
[ $# -gt 0 ] || set -- node_modules/.bin/tsx bench/device-loss.ts

if [ ! -e "$ROOT/usr/share/vulkan/icd.d/lvp_icd.json" ]; then
  debootstrap --variant=minbase --include=mesa-vulkan-drivers,libvulkan1,nodejs,ca-certificates trixie "$ROOT"
fi
ROOT=$(cd "$ROOT" && pwd)
export ROOT HERE PATCHED
exec unshare --mount sh -euc '
  mount --make-rprivate /
  mkdir -p "$ROOT$HERE"
  mount --bind "$HERE" "$ROOT$HERE"
  mount -t proc proc "$ROOT/proc"
  mount --bind /dev "$ROOT/dev"
  if [ "$PATCHED" = 1 ]; then
    library=$(ls "$HERE"/node_modules/onnxruntime-node/bin/napi-v*/linux/x64/libonnxruntime.so.1)
    perl -pe "s/var (qk_\d) : vec4<(\w+)>;/var \$1=vec4<\$2>();/g" "$library" > "$ROOT/tmp/patched.so"
    if cmp -s "$library" "$ROOT/tmp/patched.so"; then
      echo "The shader was not found in $library." >&2
      exit 1
    fi
    mount --bind "$ROOT/tmp/patched.so" "$ROOT$library"
  fi
  exec chroot "$ROOT" env VK_ICD_FILENAMES=/usr/share/vulkan/icd.d/lvp_icd.json sh -c "cd \"$HERE\" && exec \"\$@\"" sh "$@"
' sh "$@"
