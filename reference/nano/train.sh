#!/bin/sh
# Trains base and adapter in the folder that data.py filled; run again, it goes on where it was interrupted.
# Usage: train.sh DIR [minutes for the base] [minutes for the adapter] [options of `train.py base`, such as --from CHECKPOINT]
set -e
cd "$(dirname "$0")"
cache=$1 base=${2:-150} adapter=${3:-15}
[ $# -gt 3 ] && shift 3 || shift $#
# glibc is kept from handing every large buffer back to the kernel between steps
export OMP_NUM_THREADS=1 MALLOC_MMAP_MAX_=0 MALLOC_TRIM_THRESHOLD_=8000000000
python train.py base --cache "$cache" --minutes "$base" "$@"
python train.py adapter --cache "$cache" --minutes "$adapter"
