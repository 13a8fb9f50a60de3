;; The two passes of Pillow's resampling, 128 bits at a time. Built into resample-wasm.ts by
;; `npx tsx scripts/build-kernel.ts`; resample.test.ts compares. Needs fixed-width SIMD and nothing newer.
;;
;; Weights are int32 of 22 fractional bits. Each is two int16: the low 15 bits, and what is above them; so that one
;; instruction multiplies two taps by four bytes and adds them up. Sums wrap as int32 do, in any order the same.
;;
;; The taps of one output position: int32 first source position, int32 pairs of taps, then for each pair four int16:
;; the low parts of its two weights, the high parts. An odd last tap is paired with a weight of 0, and what it would
;; read lies in this memory. Reads and writes go up to 15 bytes beyond what counts.
(module
  (memory (export "memory") 1)

  ;; The sums without their fractions.
  (func $rounded (param $low v128) (param $high v128) (result v128)
    (i32x4.shr_s
      (i32x4.add (local.get $low) (i32x4.shl (local.get $high) (i32.const 15)))
      (i32.const 22)))

  ;; Four rows of RGB pixels from $source on, each $stride bytes after the one before, to $width pixels each: from $out
  ;; on, each $outStride after the one before, which is at least 3 * $width + 1.
  (func (export "rows")
    (param $source i32) (param $stride i32) (param $taps i32) (param $width i32) (param $out i32) (param $outStride i32)
    (local $end i32) (local $out1 i32) (local $out2 i32) (local $out3 i32)
    (local $at i32) (local $at1 i32) (local $at2 i32) (local $at3 i32)
    (local $pairs i32) (local $low v128) (local $high v128) (local $pixels v128)
    (local $l0 v128) (local $l1 v128) (local $l2 v128) (local $l3 v128)
    (local $h0 v128) (local $h1 v128) (local $h2 v128) (local $h3 v128)
    (local.set $end (i32.add (local.get $out) (i32.mul (local.get $width) (i32.const 3))))
    (local.set $out1 (i32.add (local.get $out) (local.get $outStride)))
    (local.set $out2 (i32.add (local.get $out1) (local.get $outStride)))
    (local.set $out3 (i32.add (local.get $out2) (local.get $outStride)))
    (loop $columns
      (local.set $at (i32.add (local.get $source) (i32.mul (i32.load (local.get $taps)) (i32.const 3))))
      (local.set $at1 (i32.add (local.get $at) (local.get $stride)))
      (local.set $at2 (i32.add (local.get $at1) (local.get $stride)))
      (local.set $at3 (i32.add (local.get $at2) (local.get $stride)))
      (local.set $pairs (i32.load offset=4 (local.get $taps)))
      (local.set $taps (i32.add (local.get $taps) (i32.const 8)))
      ;; Half a unit, so that the shift rounds.
      (local.set $l0 (v128.const i32x4 0x200000 0x200000 0x200000 0x200000))
      (local.set $l1 (local.get $l0))
      (local.set $l2 (local.get $l0))
      (local.set $l3 (local.get $l0))
      (local.set $h0 (v128.const i32x4 0 0 0 0))
      (local.set $h1 (local.get $h0))
      (local.set $h2 (local.get $h0))
      (local.set $h3 (local.get $h0))
      (loop $along
        (local.set $low (v128.load32_splat (local.get $taps)))
        (local.set $high (v128.load32_splat offset=4 (local.get $taps)))
        ;; Red of two pixels, green of both, blue of both, as int16.
        (local.set $pixels (i8x16.swizzle
          (v128.load (local.get $at))
          (v128.const i8x16 0 -1 3 -1 1 -1 4 -1 2 -1 5 -1 -1 -1 -1 -1)))
        (local.set $l0 (i32x4.add (local.get $l0) (i32x4.dot_i16x8_s (local.get $pixels) (local.get $low))))
        (local.set $h0 (i32x4.add (local.get $h0) (i32x4.dot_i16x8_s (local.get $pixels) (local.get $high))))
        (local.set $pixels (i8x16.swizzle
          (v128.load (local.get $at1))
          (v128.const i8x16 0 -1 3 -1 1 -1 4 -1 2 -1 5 -1 -1 -1 -1 -1)))
        (local.set $l1 (i32x4.add (local.get $l1) (i32x4.dot_i16x8_s (local.get $pixels) (local.get $low))))
        (local.set $h1 (i32x4.add (local.get $h1) (i32x4.dot_i16x8_s (local.get $pixels) (local.get $high))))
        (local.set $pixels (i8x16.swizzle
          (v128.load (local.get $at2))
          (v128.const i8x16 0 -1 3 -1 1 -1 4 -1 2 -1 5 -1 -1 -1 -1 -1)))
        (local.set $l2 (i32x4.add (local.get $l2) (i32x4.dot_i16x8_s (local.get $pixels) (local.get $low))))
        (local.set $h2 (i32x4.add (local.get $h2) (i32x4.dot_i16x8_s (local.get $pixels) (local.get $high))))
        (local.set $pixels (i8x16.swizzle
          (v128.load (local.get $at3))
          (v128.const i8x16 0 -1 3 -1 1 -1 4 -1 2 -1 5 -1 -1 -1 -1 -1)))
        (local.set $l3 (i32x4.add (local.get $l3) (i32x4.dot_i16x8_s (local.get $pixels) (local.get $low))))
        (local.set $h3 (i32x4.add (local.get $h3) (i32x4.dot_i16x8_s (local.get $pixels) (local.get $high))))
        (local.set $at (i32.add (local.get $at) (i32.const 6)))
        (local.set $at1 (i32.add (local.get $at1) (i32.const 6)))
        (local.set $at2 (i32.add (local.get $at2) (i32.const 6)))
        (local.set $at3 (i32.add (local.get $at3) (i32.const 6)))
        (local.set $taps (i32.add (local.get $taps) (i32.const 8)))
        (br_if $along (local.tee $pairs (i32.sub (local.get $pairs) (i32.const 1)))))
      ;; Narrowing clips to 0 … 255. The fourth byte of each store is overwritten by the next.
      (local.set $pixels (i8x16.narrow_i16x8_u
        (i16x8.narrow_i32x4_s
          (call $rounded (local.get $l0) (local.get $h0))
          (call $rounded (local.get $l1) (local.get $h1)))
        (i16x8.narrow_i32x4_s
          (call $rounded (local.get $l2) (local.get $h2))
          (call $rounded (local.get $l3) (local.get $h3)))))
      (v128.store32_lane 0 (local.get $out) (local.get $pixels))
      (v128.store32_lane 1 (local.get $out1) (local.get $pixels))
      (v128.store32_lane 2 (local.get $out2) (local.get $pixels))
      (v128.store32_lane 3 (local.get $out3) (local.get $pixels))
      (local.set $out1 (i32.add (local.get $out1) (i32.const 3)))
      (local.set $out2 (i32.add (local.get $out2) (i32.const 3)))
      (local.set $out3 (i32.add (local.get $out3) (i32.const 3)))
      (br_if $columns
        (i32.lt_u (local.tee $out (i32.add (local.get $out) (i32.const 3))) (local.get $end)))))

  ;; $count rows of $length bytes each, from $out on without gaps. Source row $firstRow lies at $source, the next
  ;; $stride bytes further on.
  (func (export "columns")
    (param $source i32) (param $stride i32) (param $firstRow i32) (param $length i32)
    (param $taps i32) (param $count i32) (param $out i32)
    (local $from i32) (local $at i32) (local $to i32) (local $end i32) (local $tap i32) (local $left i32)
    (local $pairs i32) (local $low v128) (local $high v128)
    (local $a v128) (local $b v128) (local $two v128)
    (local $l0 v128) (local $l1 v128) (local $l2 v128) (local $l3 v128)
    (local $h0 v128) (local $h1 v128) (local $h2 v128) (local $h3 v128)
    (loop $rows
      (local.set $from (i32.add (local.get $source)
        (i32.mul (i32.sub (i32.load (local.get $taps)) (local.get $firstRow)) (local.get $stride))))
      (local.set $pairs (i32.load offset=4 (local.get $taps)))
      (local.set $taps (i32.add (local.get $taps) (i32.const 8)))
      (local.set $to (local.get $out))
      (local.set $end (i32.add (local.get $out) (local.get $length)))
      (loop $along
        (local.set $l0 (v128.const i32x4 0x200000 0x200000 0x200000 0x200000))
        (local.set $l1 (local.get $l0))
        (local.set $l2 (local.get $l0))
        (local.set $l3 (local.get $l0))
        (local.set $h0 (v128.const i32x4 0 0 0 0))
        (local.set $h1 (local.get $h0))
        (local.set $h2 (local.get $h0))
        (local.set $h3 (local.get $h0))
        (local.set $at (local.get $from))
        (local.set $tap (local.get $taps))
        (local.set $left (local.get $pairs))
        (loop $down
          (local.set $low (v128.load32_splat (local.get $tap)))
          (local.set $high (v128.load32_splat offset=4 (local.get $tap)))
          (local.set $a (v128.load (local.get $at)))
          (local.set $b (v128.load (i32.add (local.get $at) (local.get $stride))))
          ;; A byte of one row beside that of the next, sixteen columns.
          (local.set $two (i8x16.shuffle 0 16 1 17 2 18 3 19 4 20 5 21 6 22 7 23 (local.get $a) (local.get $b)))
          (local.set $b (i8x16.shuffle 8 24 9 25 10 26 11 27 12 28 13 29 14 30 15 31 (local.get $a) (local.get $b)))
          (local.set $a (i16x8.extend_low_i8x16_u (local.get $two)))
          (local.set $l0 (i32x4.add (local.get $l0) (i32x4.dot_i16x8_s (local.get $a) (local.get $low))))
          (local.set $h0 (i32x4.add (local.get $h0) (i32x4.dot_i16x8_s (local.get $a) (local.get $high))))
          (local.set $a (i16x8.extend_high_i8x16_u (local.get $two)))
          (local.set $l1 (i32x4.add (local.get $l1) (i32x4.dot_i16x8_s (local.get $a) (local.get $low))))
          (local.set $h1 (i32x4.add (local.get $h1) (i32x4.dot_i16x8_s (local.get $a) (local.get $high))))
          (local.set $a (i16x8.extend_low_i8x16_u (local.get $b)))
          (local.set $l2 (i32x4.add (local.get $l2) (i32x4.dot_i16x8_s (local.get $a) (local.get $low))))
          (local.set $h2 (i32x4.add (local.get $h2) (i32x4.dot_i16x8_s (local.get $a) (local.get $high))))
          (local.set $a (i16x8.extend_high_i8x16_u (local.get $b)))
          (local.set $l3 (i32x4.add (local.get $l3) (i32x4.dot_i16x8_s (local.get $a) (local.get $low))))
          (local.set $h3 (i32x4.add (local.get $h3) (i32x4.dot_i16x8_s (local.get $a) (local.get $high))))
          (local.set $at (i32.add (local.get $at) (i32.shl (local.get $stride) (i32.const 1))))
          (local.set $tap (i32.add (local.get $tap) (i32.const 8)))
          (br_if $down (local.tee $left (i32.sub (local.get $left) (i32.const 1)))))
        (v128.store (local.get $to) (i8x16.narrow_i16x8_u
          (i16x8.narrow_i32x4_s
            (call $rounded (local.get $l0) (local.get $h0))
            (call $rounded (local.get $l1) (local.get $h1)))
          (i16x8.narrow_i32x4_s
            (call $rounded (local.get $l2) (local.get $h2))
            (call $rounded (local.get $l3) (local.get $h3)))))
        (local.set $from (i32.add (local.get $from) (i32.const 16)))
        (br_if $along
          (i32.lt_u (local.tee $to (i32.add (local.get $to) (i32.const 16))) (local.get $end))))
      (local.set $taps (local.get $tap))
      (local.set $out (local.get $end))
      (br_if $rows (local.tee $count (i32.sub (local.get $count) (i32.const 1)))))))
