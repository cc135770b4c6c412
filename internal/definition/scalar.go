package definition

import (
	"math"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// textKind is what YAML 1.2's core schema takes a scalar without quotes for.
type textKind uint8

const (
	stringText textKind = iota
	integerText
	floatText
	boolText
)

// classify follows https://yaml.org/spec/1.2.2/#103-core-schema (null is the YAML library's business).
func classify(s string) textKind {
	switch s {
	case "true", "True", "TRUE", "false", "False", "FALSE":
		return boolText
	case ".inf", ".Inf", ".INF", "+.inf", "-.inf", "-.Inf", "-.INF", ".nan", ".NaN", ".NAN":
		return floatText
	}
	if rest, ok := strings.CutPrefix(s, "0x"); ok && only(rest, "0123456789abcdefABCDEF") {
		return integerText
	}
	if rest, ok := strings.CutPrefix(s, "0o"); ok && only(rest, "01234567") {
		return integerText
	}
	digits := strings.TrimLeft(s, "+-")
	if len(s)-len(digits) > 1 {
		return stringText
	}
	if only(digits, "0123456789") {
		return integerText
	}
	if only(digits, "0123456789.eE+-") && strings.ContainsAny(digits, "0123456789") {
		if _, err := strconv.ParseFloat(s, 64); err == nil || strings.HasSuffix(err.Error(), "out of range") {
			return floatText
		}
	}
	return stringText
}

// only reports whether s is not empty and made of these characters.
func only(s, characters string) bool {
	return s != "" && strings.Trim(s, characters) == ""
}

// isText reports whether n is text for YAML: in quotes, or neither a number nor true or false.
func (n *node) isText() bool {
	return n.kind == quotedNode || n.kind == plainNode && classify(n.text) == stringText
}

// str gives the text of n, which must be one and not empty; "" where it isn't.
func (d *decoder) str(n *node) string {
	if n.isText() && n.text == "" {
		d.fail(n.pos, "must not be empty")
		return ""
	}
	return d.anyStr(n)
}

// anyStr is str for a text that may be empty.
func (d *decoder) anyStr(n *node) string {
	switch {
	case n.kind == plainNode && !n.isText():
		d.fail(n.pos, "must be text, is %s: write it in quotes, %s", n.describe(), quote(n.text))
	case !n.isText():
		d.wrong(n, "text")
	case strings.IndexByte(n.text, 0) >= 0:
		d.fail(n.pos, "must not contain a NUL character")
	default:
		return n.text
	}
	return ""
}

// enum gives the text of n, which must be one of the values.
func (d *decoder) enum(n *node, values ...string) string {
	for _, v := range values {
		if n.isText() && n.text == v {
			return v
		}
	}
	must := "one of " + strings.Join(values, ", ")
	if (n.kind == plainNode || n.kind == quotedNode) && len(d.errs) < maxErrors {
		if near := nearest(n.text, values); near != "" {
			d.fail(n.pos, "must be %s, is %s: did you mean %s?", must, n.describe(), near)
			return ""
		}
	}
	d.wrong(n, must)
	return ""
}

// boolean gives true or false.
func (d *decoder) boolean(n *node) bool {
	if n.kind == plainNode && classify(n.text) == boolText {
		return n.text[0] == 't' || n.text[0] == 'T'
	}
	d.wrong(n, "true or false")
	return false
}

// integer gives the whole number of n, which must be within min … max; ok is false where it isn't.
func (d *decoder) integer(n *node, min, max int64) (v int64, ok bool) {
	if n.kind != plainNode || classify(n.text) != integerText {
		d.notNumber(n, "a whole number")
		return 0, false
	}
	v, err := parseInteger(n.text)
	if err != nil || v < min || v > max {
		d.fail(n.pos, "must be %s, is %s", between(min, max), clip(n.text))
		return 0, false
	}
	return v, true
}

// parseInteger reads what classify calls an integer: decimal (leading zeros too), 0x or 0o.
func parseInteger(s string) (int64, error) {
	if strings.HasPrefix(s, "0x") || strings.HasPrefix(s, "0o") {
		return strconv.ParseInt(s, 0, 64)
	}
	return strconv.ParseInt(s, 10, 64)
}

func between(min, max int64) string {
	switch {
	case max == math.MaxInt64 && min == 1:
		return "greater than 0"
	case max == math.MaxInt64:
		return "at least " + strconv.FormatInt(min, 10)
	}
	return strconv.FormatInt(min, 10) + " to " + strconv.FormatInt(max, 10)
}

// number gives the finite number of n.
func (d *decoder) number(n *node) (float64, bool) {
	kind := stringText
	if n.kind == plainNode {
		kind = classify(n.text)
	}
	if kind != integerText && kind != floatText {
		d.notNumber(n, "a number")
		return 0, false
	}
	v, err := strconv.ParseFloat(n.text, 64)
	if err != nil || math.IsInf(v, 0) || math.IsNaN(v) {
		d.fail(n.pos, "must be a finite decimal number, is %s", clip(n.text))
		return 0, false
	}
	return v, true
}

// maxSeconds is about 31 years; every sum and product that daruma makes of durations stays far from overflow.
const maxSeconds = 1e9

// seconds gives a duration of 0 or more; positive: of a millisecond or more, because less is a tight loop.
func (d *decoder) seconds(n *node, positive bool) (time.Duration, bool) {
	v, ok := d.number(n)
	switch {
	case !ok:
		return 0, false
	case positive && v <= 0:
		d.fail(n.pos, "must be greater than 0, is %s", clip(n.text))
	case positive && v < 0.001:
		d.fail(n.pos, "must be at least 0.001 (a millisecond), is %s", clip(n.text))
	case v < 0:
		d.fail(n.pos, "must not be negative, is %s", clip(n.text))
	case v > maxSeconds:
		d.fail(n.pos, "must be at most 1000000000 seconds, is %s", clip(n.text))
	default:
		return time.Duration(math.Round(v * float64(time.Second))), true
	}
	return 0, false
}

// notNumber adds the problem that a number is needed, with the remedy for what people write instead.
func (d *decoder) notNumber(n *node, must string) {
	switch {
	case n.kind == quotedNode && (classify(n.text) == integerText || classify(n.text) == floatText):
		d.fail(n.pos, "must be %s, is text: remove the quotes around %s", must, clip(n.text))
	case n.isText() && strings.Contains(n.text, "${"):
		d.fail(n.pos, "must be %s: variables are expanded in command, env, paths, addresses and ports only", must)
	case n.isText() && strings.HasSuffix(n.text, "s") && only(n.text[:len(n.text)-1], "0123456789."):
		d.fail(n.pos, "must be %s, is %s: leave the s out", must, n.describe())
	default:
		d.wrong(n, must)
	}
}

// quote gives text for an error: in quotes, escaped, not too long.
func quote(s string) string { return strconv.Quote(clip(s)) }

// clip shortens text for an error.
func clip(s string) string {
	const most = 60
	if len(s) <= most {
		return s
	}
	cut := most
	for cut > 0 && !utf8.RuneStart(s[cut]) {
		cut--
	}
	return s[:cut] + "…"
}
