;; The inner loops of error feedback, two rows at a time. Built into feedback-wasm.ts by
;; `npx tsx scripts/build-kernel.ts`; kernel.test.ts compares. Needs fixed-width SIMD and nothing newer.
;;
;; Where each array lies is LAYOUT in kernel.ts. What is computed, and in which order it is added up, is JsKernel there.
(module
  (memory (export "memory") 14)

  ;; $kind: 0 for scales with zero at 8, 1 for those with zero points of their own.
  (func (export "fit") (param $pairs i32) (param $block i32) (param $kind i32)
    (local $pair i32) (local $t i32) (local $i i32) (local $x i32) (local $h i32) (local $trial v128)
    (local $even v128) (local $odd v128) (local $level v128) (local $h0 v128) (local $h1 v128)
    (local $least v128) (local $most v128) (local $extreme v128) (local $span v128) (local $empty v128)
    (local $inverse v128) (local $zero v128) (local $low v128) (local $high v128)
    (local $dot v128) (local $square v128) (local $dotOdd v128) (local $squareOdd v128)
    (local $gain v128) (local $fitted v128) (local $fittedZero v128) (local $better v128)
    (loop $pairs_
      (local.set $gain (v128.const i64x2 0 0))
      (local.set $fitted (v128.const i64x2 0 0))
      (local.set $fittedZero (v128.const f64x2 8 8))
      ;; The smallest and the largest weight, or zero.
      (local.set $least (v128.const i64x2 0 0))
      (local.set $most (local.get $least))
      (local.set $x (i32.add
        (i32.mul (local.get $pair) (i32.const 5120))
        (i32.shl (local.get $block) (i32.const 9))))
      (local.set $i (i32.const 32))
      (loop $along
        (local.set $even (v128.load (local.get $x)))
        (local.set $least (f64x2.pmin (local.get $least) (local.get $even)))
        (local.set $most (f64x2.pmax (local.get $most) (local.get $even)))
        (local.set $x (i32.add (local.get $x) (i32.const 16)))
        (br_if $along (local.tee $i (i32.sub (local.get $i) (i32.const 1)))))
      (local.set $extreme (v128.bitselect
        (local.get $least)
        (local.get $most)
        (f64x2.gt (f64x2.neg (local.get $least)) (local.get $most))))
      (local.set $span (f64x2.sub (local.get $most) (local.get $least)))
      (local.set $empty (f64x2.eq (local.get $span) (v128.const i64x2 0 0)))
      (local.set $t (i32.const 0))
      (loop $trials_
        (local.set $trial (v128.load64_splat offset=84480 (i32.shl
          (i32.add (i32.mul (local.get $kind) (i32.const 6)) (local.get $t))
          (i32.const 3))))
        (if (local.get $kind)
          (then
            (local.set $trial (f64x2.div
              (f64x2.mul (local.get $trial) (local.get $span))
              (v128.const f64x2 15 15)))
            (local.set $inverse (f64x2.div (v128.const f64x2 1 1) (local.get $trial)))
            (local.set $zero (f64x2.pmin
              (f64x2.pmax
                (f64x2.floor (f64x2.sub
                  (v128.const f64x2 8 8)
                  (f64x2.div
                    (f64x2.mul (f64x2.add (local.get $most) (local.get $least)) (v128.const f64x2 0.5 0.5))
                    (local.get $trial))))
                (v128.const i64x2 0 0))
              (v128.const f64x2 15 15))))
          (else
            (local.set $inverse (f64x2.neg (f64x2.div
              (f64x2.add (v128.const f64x2 8 8) (local.get $trial))
              (local.get $extreme))))
            (local.set $zero (v128.const f64x2 8 8))))
        (local.set $inverse (v128.andnot (local.get $inverse) (local.get $empty)))
        (local.set $zero (v128.bitselect (v128.const f64x2 8 8) (local.get $zero) (local.get $empty)))
        (local.set $low (f64x2.neg (local.get $zero)))
        (local.set $high (f64x2.sub (v128.const f64x2 15 15) (local.get $zero)))
        (local.set $dot (v128.const i64x2 0 0))
        (local.set $square (local.get $dot))
        (local.set $dotOdd (local.get $dot))
        (local.set $squareOdd (local.get $dot))
        (local.set $x (i32.add
          (i32.mul (local.get $pair) (i32.const 5120))
          (i32.shl (local.get $block) (i32.const 9))))
        (local.set $h (i32.shl (local.get $block) (i32.const 8)))
        (local.set $i (i32.const 16))
        (loop $along
          (local.set $even (v128.load (local.get $x)))
          (local.set $h0 (v128.load64_splat offset=81920 (local.get $h)))
          (local.set $level (f64x2.pmin
  (f64x2.pmax (f64x2.nearest (f64x2.mul (local.get $even) (local.get $inverse))) (local.get $low))
  (local.get $high)))
          (local.set $dot (f64x2.add
            (local.get $dot)
            (f64x2.mul (f64x2.mul (local.get $h0) (local.get $even)) (local.get $level))))
          (local.set $square (f64x2.add
            (local.get $square)
            (f64x2.mul (f64x2.mul (local.get $h0) (local.get $level)) (local.get $level))))
          (local.set $odd (v128.load offset=16 (local.get $x)))
          (local.set $h1 (v128.load64_splat offset=81928 (local.get $h)))
          (local.set $level (f64x2.pmin
  (f64x2.pmax (f64x2.nearest (f64x2.mul (local.get $odd) (local.get $inverse))) (local.get $low))
  (local.get $high)))
          (local.set $dotOdd (f64x2.add
            (local.get $dotOdd)
            (f64x2.mul (f64x2.mul (local.get $h1) (local.get $odd)) (local.get $level))))
          (local.set $squareOdd (f64x2.add
            (local.get $squareOdd)
            (f64x2.mul (f64x2.mul (local.get $h1) (local.get $level)) (local.get $level))))
          (local.set $x (i32.add (local.get $x) (i32.const 32)))
          (local.set $h (i32.add (local.get $h) (i32.const 16)))
          (br_if $along (local.tee $i (i32.sub (local.get $i) (i32.const 1)))))
        (local.set $dot (f64x2.add (local.get $dot) (local.get $dotOdd)))
        (local.set $square (f64x2.add (local.get $square) (local.get $squareOdd)))
        (local.set $better (f64x2.gt
          (f64x2.mul (local.get $dot) (local.get $dot))
          (f64x2.mul (local.get $gain) (local.get $square))))
        (local.set $gain (v128.bitselect
          (f64x2.div (f64x2.mul (local.get $dot) (local.get $dot)) (local.get $square))
          (local.get $gain)
          (local.get $better)))
        (local.set $fitted (v128.bitselect
          (f64x2.div (local.get $dot) (local.get $square))
          (local.get $fitted)
          (local.get $better)))
        (local.set $fittedZero (v128.bitselect
          (local.get $zero)
          (local.get $fittedZero)
          (local.get $better)))
        (br_if $trials_ (i32.lt_u
          (local.tee $t (i32.add (local.get $t) (i32.const 1)))
          (i32.const 6))))
      (v128.store offset=84608 (i32.shl (local.get $pair) (i32.const 4)) (local.get $fitted))
      (v128.store offset=84736 (i32.shl (local.get $pair) (i32.const 4)) (local.get $fittedZero))
      (br_if $pairs_ (i32.lt_u
        (local.tee $pair (i32.add (local.get $pair) (i32.const 1)))
        (local.get $pairs)))))

  (func (export "judge") (param $pairs i32) (param $block i32) (param $candidates i32)
    (local $pair i32) (local $c i32) (local $i i32) (local $x i32) (local $h i32) (local $at i32)
    (local $even v128) (local $odd v128)
    (local $scale v128) (local $inverse v128) (local $zero v128) (local $low v128) (local $high v128)
    (local $error v128) (local $errorOdd v128)
    (loop $pairs_
      (local.set $c (i32.const 0))
      (local.set $at (i32.shl (local.get $pair) (i32.const 6)))
      (loop $candidates_
        (local.set $scale (v128.load offset=84864 (local.get $at)))
        (local.set $inverse (v128.load offset=85376 (local.get $at)))
        (local.set $zero (v128.load offset=85888 (local.get $at)))
        (local.set $low (f64x2.neg (local.get $zero)))
        (local.set $high (f64x2.sub (v128.const f64x2 15 15) (local.get $zero)))
        (local.set $error (v128.const i64x2 0 0))
        (local.set $errorOdd (local.get $error))
        (local.set $x (i32.add
          (i32.mul (local.get $pair) (i32.const 5120))
          (i32.shl (local.get $block) (i32.const 9))))
        (local.set $h (i32.shl (local.get $block) (i32.const 8)))
        (local.set $i (i32.const 16))
        (loop $along
          (local.set $even (v128.load (local.get $x)))
          (local.set $even (f64x2.sub
            (local.get $even)
            (f64x2.mul
              (local.get $scale)
              (f64x2.pmin
  (f64x2.pmax (f64x2.nearest (f64x2.mul (local.get $even) (local.get $inverse))) (local.get $low))
  (local.get $high)))))
          (local.set $error (f64x2.add
            (local.get $error)
            (f64x2.mul
              (f64x2.mul (v128.load64_splat offset=81920 (local.get $h)) (local.get $even))
              (local.get $even))))
          (local.set $odd (v128.load offset=16 (local.get $x)))
          (local.set $odd (f64x2.sub
            (local.get $odd)
            (f64x2.mul
              (local.get $scale)
              (f64x2.pmin
  (f64x2.pmax (f64x2.nearest (f64x2.mul (local.get $odd) (local.get $inverse))) (local.get $low))
  (local.get $high)))))
          (local.set $errorOdd (f64x2.add
            (local.get $errorOdd)
            (f64x2.mul
              (f64x2.mul (v128.load64_splat offset=81928 (local.get $h)) (local.get $odd))
              (local.get $odd))))
          (local.set $x (i32.add (local.get $x) (i32.const 32)))
          (local.set $h (i32.add (local.get $h) (i32.const 16)))
          (br_if $along (local.tee $i (i32.sub (local.get $i) (i32.const 1)))))
        (v128.store offset=86400 (local.get $at) (f64x2.add (local.get $error) (local.get $errorOdd)))
        (local.set $at (i32.add (local.get $at) (i32.const 16)))
        (br_if $candidates_ (i32.lt_u
          (local.tee $c (i32.add (local.get $c) (i32.const 1)))
          (local.get $candidates))))
      (br_if $pairs_ (i32.lt_u
        (local.tee $pair (i32.add (local.get $pair) (i32.const 1)))
        (local.get $pairs)))))

  (func (export "feed") (param $pairs i32) (param $block i32) (param $blocks i32)
    (local $pair i32) (local $j i32) (local $x i32) (local $at i32) (local $to i32) (local $code i32)
    (local $factor i32) (local $end i32)
    (local $weight v128) (local $level v128) (local $difference v128) (local $codes v128)
    (local $scale v128) (local $inverse v128) (local $zero v128) (local $low v128) (local $high v128)
    (local $loss v128)
    (loop $pairs_
      (local.set $at (i32.shl (local.get $pair) (i32.const 4)))
      (local.set $scale (v128.load offset=86912 (local.get $at)))
      (local.set $inverse (v128.load offset=87040 (local.get $at)))
      (local.set $zero (v128.load offset=87168 (local.get $at)))
      (local.set $loss (v128.load offset=87296 (local.get $at)))
      (local.set $low (f64x2.neg (local.get $zero)))
      (local.set $high (f64x2.sub (v128.const f64x2 15 15) (local.get $zero)))
      ;; Within the block each column's error goes to the later ones at once.
      (local.set $x (i32.add
        (i32.mul (local.get $pair) (i32.const 5120))
        (i32.shl (local.get $block) (i32.const 9))))
      (local.set $code (i32.add
        (i32.mul (local.get $pair) (i32.const 640))
        (i32.shl (local.get $block) (i32.const 6))))
      (local.set $end (i32.add (local.get $x) (i32.const 512)))
      (local.set $j (i32.shl (local.get $block) (i32.const 5)))
      (loop $columns
        (local.set $weight (v128.load (local.get $x)))
        (local.set $level (f64x2.pmin
  (f64x2.pmax (f64x2.nearest (f64x2.mul (local.get $weight) (local.get $inverse))) (local.get $low))
  (local.get $high)))
        (local.set $codes (i32x4.trunc_sat_f64x2_s_zero (f64x2.add (local.get $level) (local.get $zero))))
        (i32.store8 offset=87424 (local.get $code) (i32x4.extract_lane 0 (local.get $codes)))
        (i32.store8 offset=87425 (local.get $code) (i32x4.extract_lane 1 (local.get $codes)))
        (local.set $difference (f64x2.sub (local.get $weight) (f64x2.mul (local.get $scale) (local.get $level))))
        (v128.store offset=40960 (local.get $x) (local.get $difference))
        (local.set $loss (f64x2.add
          (local.get $loss)
          (f64x2.mul
            (f64x2.mul
              (v128.load64_splat offset=81920 (i32.shl (local.get $j) (i32.const 3)))
              (local.get $difference))
            (local.get $difference))))
        (local.set $to (i32.add (local.get $x) (i32.const 16)))
        (if (i32.and (i32.ne (local.get $blocks) (i32.const 0)) (i32.lt_u (local.get $to) (local.get $end)))
          (then
            (local.set $factor (i32.add (i32.mul (local.get $j) (i32.const 2568)) (i32.const 8)))
            (loop $later
              (v128.store (local.get $to) (f64x2.sub
                (v128.load (local.get $to))
                (f64x2.mul (local.get $difference) (v128.load64_splat offset=92544 (local.get $factor)))))
              (local.set $factor (i32.add (local.get $factor) (i32.const 8)))
              (br_if $later (i32.lt_u
                (local.tee $to (i32.add (local.get $to) (i32.const 16)))
                (local.get $end))))))
        (local.set $code (i32.add (local.get $code) (i32.const 2)))
        (local.set $j (i32.add (local.get $j) (i32.const 1)))
        (br_if $columns (i32.lt_u
          (local.tee $x (i32.add (local.get $x) (i32.const 16)))
          (local.get $end))))
      (v128.store offset=87296 (local.get $at) (local.get $loss))
      (br_if $pairs_ (i32.lt_u
        (local.tee $pair (i32.add (local.get $pair) (i32.const 1)))
        (local.get $pairs))))
    (call $pass
      (local.get $pairs)
      (local.get $block)
      (i32.add (local.get $block) (i32.const 1))
      (local.get $blocks)))

  ;; Four columns at a time and all pairs of rows with them, so that their 128 factors are read from the nearest cache by
  ;; all but the first pair.
  (func $pass (export "pass") (param $pairs i32) (param $block i32) (param $first i32) (param $blocks i32)
    (local $pair i32) (local $k i32) (local $x i32) (local $to i32) (local $factor i32) (local $end i32)
    (local $difference v128) (local $w0 v128) (local $w1 v128) (local $w2 v128) (local $w3 v128)
    (local.set $k (i32.shl (local.get $first) (i32.const 5)))
    (if (i32.lt_u (local.get $k) (i32.shl (local.get $blocks) (i32.const 5)))
      (then
        (loop $columns
          (local.set $pair (i32.const 0))
          (loop $pairs_
            (local.set $to (i32.add
              (i32.mul (local.get $pair) (i32.const 5120))
              (i32.shl (local.get $k) (i32.const 4))))
            (local.set $w0 (v128.load (local.get $to)))
            (local.set $w1 (v128.load offset=16 (local.get $to)))
            (local.set $w2 (v128.load offset=32 (local.get $to)))
            (local.set $w3 (v128.load offset=48 (local.get $to)))
            (local.set $x (i32.add
              (i32.mul (local.get $pair) (i32.const 5120))
              (i32.shl (local.get $block) (i32.const 9))))
            (local.set $end (i32.add (local.get $x) (i32.const 512)))
            (local.set $factor (i32.add
              (i32.mul (local.get $block) (i32.const 81920))
              (i32.shl (local.get $k) (i32.const 3))))
            (loop $errors
              (local.set $difference (v128.load offset=40960 (local.get $x)))
              (local.set $w0 (f64x2.sub (local.get $w0)
                (f64x2.mul (local.get $difference) (v128.load64_splat offset=92544 (local.get $factor)))))
              (local.set $w1 (f64x2.sub (local.get $w1)
                (f64x2.mul (local.get $difference) (v128.load64_splat offset=92552 (local.get $factor)))))
              (local.set $w2 (f64x2.sub (local.get $w2)
                (f64x2.mul (local.get $difference) (v128.load64_splat offset=92560 (local.get $factor)))))
              (local.set $w3 (f64x2.sub (local.get $w3)
                (f64x2.mul (local.get $difference) (v128.load64_splat offset=92568 (local.get $factor)))))
              (local.set $factor (i32.add (local.get $factor) (i32.const 2560)))
              (br_if $errors (i32.lt_u
                (local.tee $x (i32.add (local.get $x) (i32.const 16)))
                (local.get $end))))
            (v128.store (local.get $to) (local.get $w0))
            (v128.store offset=16 (local.get $to) (local.get $w1))
            (v128.store offset=32 (local.get $to) (local.get $w2))
            (v128.store offset=48 (local.get $to) (local.get $w3))
            (br_if $pairs_ (i32.lt_u
              (local.tee $pair (i32.add (local.get $pair) (i32.const 1)))
              (local.get $pairs))))
          (br_if $columns (i32.lt_u
            (local.tee $k (i32.add (local.get $k) (i32.const 4)))
            (i32.shl (local.get $blocks) (i32.const 5)))))))))
