package definition

import (
	"math"
	"math/bits"
	"strconv"
	"strings"
)

// quantity reads a Kubernetes quantity (512Mi, 1.5, 500m, 2e3) and gives it in thousandths, rounded up.
// Source: https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/
// ok is false where s isn't one, is negative, or exceeds what fits.
func quantity(s string) (milli int64, ok bool) {
	end := len(s) - len(strings.TrimLeft(s, "0123456789."))
	mantissa, scale, ok := decimal(s[:end])
	if !ok {
		return 0, false
	}
	factor, exponent, ok := suffix(s[end:])
	if !ok {
		return 0, false
	}
	exponent += 3 - scale // thousandths
	for ; exponent > 0; exponent-- {
		hi, lo := bits.Mul64(factor, 10)
		if hi != 0 {
			return 0, false
		}
		factor = lo
	}
	divisor := uint64(1)
	for ; exponent < 0; exponent++ {
		divisor *= 10
	}
	hi, lo := bits.Mul64(mantissa, factor)
	lo, carry := bits.Add64(lo, divisor-1, 0)
	hi += carry
	if hi >= divisor {
		return 0, false
	}
	v, _ := bits.Div64(hi, lo, divisor)
	if v > math.MaxInt64 {
		return 0, false
	}
	return int64(v), true
}

// decimal reads digits with an optional fraction: mantissa / 10^scale.
func decimal(s string) (mantissa uint64, scale int, ok bool) {
	whole, fraction, _ := strings.Cut(s, ".")
	if whole+fraction == "" || strings.Contains(fraction, ".") || len(fraction) > 9 {
		return 0, 0, false
	}
	mantissa, err := strconv.ParseUint(whole+fraction, 10, 63)
	return mantissa, len(fraction), err == nil
}

// suffix gives the factor (binary) and the decimal exponent that a quantity's suffix stands for.
func suffix(s string) (factor uint64, exponent int, ok bool) {
	switch s {
	case "":
		return 1, 0, true
	case "m":
		return 1, -3, true
	case "k":
		return 1, 3, true
	case "M":
		return 1, 6, true
	case "G":
		return 1, 9, true
	case "T":
		return 1, 12, true
	case "P":
		return 1, 15, true
	}
	if i := strings.Index("KiMiGiTiPi", s); len(s) == 2 && i >= 0 && i%2 == 0 {
		return 1 << (10 * (i/2 + 1)), 0, true
	}
	if s[0] == 'e' || s[0] == 'E' {
		if n, err := strconv.Atoi(s[1:]); err == nil && n >= -3 && n <= 15 {
			return 1, n, true
		}
	}
	return 0, 0, false
}

// milli gives a quantity in thousandths; what says what it is one of.
func (d *decoder) milli(n *node, what string) (int64, bool) {
	if n.kind != plainNode && n.kind != quotedNode {
		d.wrong(n, what)
		return 0, false
	}
	v, ok := quantity(n.text)
	if !ok {
		d.fail(n.pos, "must be %s, is %s%s", what, quote(n.text), quantityRemedy(n.text))
	}
	return v, ok
}

// quantityRemedy suggests a quantity in place of what people often write.
func quantityRemedy(s string) string {
	number := strings.TrimRight(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ ")
	if _, _, ok := decimal(number); !ok {
		return ""
	}
	unit := strings.ToUpper(strings.TrimSpace(s[len(number):]))
	for _, prefix := range []string{"K", "M", "G", "T", "P"} {
		if unit == prefix || unit == prefix+"B" || unit == prefix+"I" || unit == prefix+"IB" {
			if number+prefix+"i" == s {
				return ", which is too large"
			}
			return ": did you mean " + number + prefix + "i?"
		}
	}
	return ""
}

const bytesWanted = "a quantity of bytes such as 512Mi, 1.5Gi or 1000000"

// size gives a quantity of bytes, rounded up to whole ones.
func (d *decoder) size(n *node) (int64, bool) {
	v, ok := d.milli(n, bytesWanted)
	if ok && n.kind == plainNode && classify(n.text) == floatText {
		d.fail(n.pos, "must be %s, is the number %s", bytesWanted, clip(n.text))
		return 0, false
	}
	if ok && strings.HasSuffix(n.text, "m") {
		d.fail(n.pos, "must be %s: m are thousandths of a byte, did you mean %si?", bytesWanted, strings.TrimSuffix(n.text, "m")+"M")
		return 0, false
	}
	return v/1000 + min(v%1000, 1), ok
}
