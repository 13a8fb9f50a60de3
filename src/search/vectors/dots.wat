;; Dot products of many int8 rows with one int16 query, 128 bits at a time. Built into dots-wasm.ts by
;; `npx tsx scripts/build-kernel.ts`; dots.test.ts compares. Needs fixed-width SIMD and nothing newer.
;;
;; Sums are int32: whoever makes the query keeps the sum of its magnitudes below 2^31 / 128.
(module
  (memory (export "memory") 1)

  (func $total (param $sum v128) (result i32)
    (i32.add
      (i32.add (i32x4.extract_lane 0 (local.get $sum)) (i32x4.extract_lane 1 (local.get $sum)))
      (i32.add (i32x4.extract_lane 2 (local.get $sum)) (i32x4.extract_lane 3 (local.get $sum)))))

  ;; $row: address of the first row; the next is $stride bytes further on. $length: bytes of a row that count, a
  ;; multiple of 16. $query: $length int16 numbers. $out: $count int32 sums.
  (func (export "dots")
    (param $row i32) (param $stride i32) (param $length i32) (param $count i32) (param $query i32) (param $out i32)
    (local $at i32) (local $r1 i32) (local $r2 i32) (local $r3 i32)
    (local $row16 v128) (local $low v128) (local $high v128)
    (local $s0 v128) (local $s1 v128) (local $s2 v128) (local $s3 v128)

    ;; Four rows at a time share what is loaded of the query.
    (block $few
      (loop $fours
        (br_if $few (i32.lt_u (local.get $count) (i32.const 4)))
        (local.set $r1 (i32.add (local.get $row) (local.get $stride)))
        (local.set $r2 (i32.add (local.get $r1) (local.get $stride)))
        (local.set $r3 (i32.add (local.get $r2) (local.get $stride)))
        (local.set $s0 (v128.const i32x4 0 0 0 0))
        (local.set $s1 (v128.const i32x4 0 0 0 0))
        (local.set $s2 (v128.const i32x4 0 0 0 0))
        (local.set $s3 (v128.const i32x4 0 0 0 0))
        (local.set $at (i32.const 0))
        (loop $along
          (local.set $low (v128.load (i32.add (local.get $query) (i32.shl (local.get $at) (i32.const 1)))))
          (local.set $high (v128.load offset=16 (i32.add (local.get $query) (i32.shl (local.get $at) (i32.const 1)))))
          (local.set $row16 (v128.load (i32.add (local.get $row) (local.get $at))))
          (local.set $s0 (i32x4.add
            (i32x4.add
              (local.get $s0)
              (i32x4.dot_i16x8_s (i16x8.extend_low_i8x16_s (local.get $row16)) (local.get $low)))
            (i32x4.dot_i16x8_s (i16x8.extend_high_i8x16_s (local.get $row16)) (local.get $high))))
          (local.set $row16 (v128.load (i32.add (local.get $r1) (local.get $at))))
          (local.set $s1 (i32x4.add
            (i32x4.add
              (local.get $s1)
              (i32x4.dot_i16x8_s (i16x8.extend_low_i8x16_s (local.get $row16)) (local.get $low)))
            (i32x4.dot_i16x8_s (i16x8.extend_high_i8x16_s (local.get $row16)) (local.get $high))))
          (local.set $row16 (v128.load (i32.add (local.get $r2) (local.get $at))))
          (local.set $s2 (i32x4.add
            (i32x4.add
              (local.get $s2)
              (i32x4.dot_i16x8_s (i16x8.extend_low_i8x16_s (local.get $row16)) (local.get $low)))
            (i32x4.dot_i16x8_s (i16x8.extend_high_i8x16_s (local.get $row16)) (local.get $high))))
          (local.set $row16 (v128.load (i32.add (local.get $r3) (local.get $at))))
          (local.set $s3 (i32x4.add
            (i32x4.add
              (local.get $s3)
              (i32x4.dot_i16x8_s (i16x8.extend_low_i8x16_s (local.get $row16)) (local.get $low)))
            (i32x4.dot_i16x8_s (i16x8.extend_high_i8x16_s (local.get $row16)) (local.get $high))))
          (br_if $along
            (i32.lt_u (local.tee $at (i32.add (local.get $at) (i32.const 16))) (local.get $length))))
        (i32.store (local.get $out) (call $total (local.get $s0)))
        (i32.store offset=4 (local.get $out) (call $total (local.get $s1)))
        (i32.store offset=8 (local.get $out) (call $total (local.get $s2)))
        (i32.store offset=12 (local.get $out) (call $total (local.get $s3)))
        (local.set $out (i32.add (local.get $out) (i32.const 16)))
        (local.set $row (i32.add (local.get $r3) (local.get $stride)))
        (local.set $count (i32.sub (local.get $count) (i32.const 4)))
        (br $fours)))

    (block $done
      (loop $ones
        (br_if $done (i32.eqz (local.get $count)))
        (local.set $s0 (v128.const i32x4 0 0 0 0))
        (local.set $at (i32.const 0))
        (loop $along
          (local.set $low (v128.load (i32.add (local.get $query) (i32.shl (local.get $at) (i32.const 1)))))
          (local.set $high (v128.load offset=16 (i32.add (local.get $query) (i32.shl (local.get $at) (i32.const 1)))))
          (local.set $row16 (v128.load (i32.add (local.get $row) (local.get $at))))
          (local.set $s0 (i32x4.add
            (i32x4.add
              (local.get $s0)
              (i32x4.dot_i16x8_s (i16x8.extend_low_i8x16_s (local.get $row16)) (local.get $low)))
            (i32x4.dot_i16x8_s (i16x8.extend_high_i8x16_s (local.get $row16)) (local.get $high))))
          (br_if $along
            (i32.lt_u (local.tee $at (i32.add (local.get $at) (i32.const 16))) (local.get $length))))
        (i32.store (local.get $out) (call $total (local.get $s0)))
        (local.set $out (i32.add (local.get $out) (i32.const 4)))
        (local.set $row (i32.add (local.get $row) (local.get $stride)))
        (local.set $count (i32.sub (local.get $count) (i32.const 1)))
        (br $ones)))))
