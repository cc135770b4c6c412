package definition

import "testing"

func TestQuantity(t *testing.T) {
	for s, want := range map[string]int64{
		"0": 0, "1": 1000, "1.5": 1500, "500m": 500, "0.5": 500, ".5": 500, "5.": 5000, "1m": 1, "0.0001": 1, "0.1m": 1,
		"1k": 1e6, "1Ki": 1024e3, "1M": 1e9, "1Mi": 1 << 20 * 1000, "512Mi": 512 << 20 * 1000, "1.5Gi": 3 << 29 * 1000, "1T": 1e15,
		"1Ti": 1 << 40 * 1000, "1Pi": 1 << 50 * 1000, "1P": 1e18, "2e3": 2e6, "2E3": 2e6, "2e+3": 2e6, "1e-3": 1, "123456789.123456789": 123456789124,
		"9007199254740993": 9007199254740993000, "0.000000001Gi": 1074,
	} {
		if got, ok := quantity(s); !ok || got != want {
			t.Errorf("%s: %d, %v, want %d", s, got, ok, want)
		}
	}
	for _, s := range []string{"", ".", "m", "Ki", "-1", "+1", "1K", "1kB", "1 Mi", "1MB", "1i", "1KiB", "1.2.3", "1e", "1e99", "1e-99", "e3", "0x10",
		"iM1", "1iM", "10P0", "99999999999999999999", "9Pi9", "9999999Pi", "1.0000000001", "١", "1Ei", "1_000", "NaN", "Inf", "10PiKi", "1iG", "1iT"} {
		if got, ok := quantity(s); ok {
			t.Errorf("%q is %d", s, got)
		}
	}
}

func TestClassify(t *testing.T) {
	for kind, texts := range map[textKind][]string{
		integerText: {"0", "-1", "+1", "0027", "0x1F", "0o17", "99999999999999999999"},
		floatText:   {"1.5", ".5", "1.", "-1e3", "1e400", ".inf", "-.inf", ".nan"},
		boolText:    {"true", "True", "TRUE", "false", "False", "FALSE"},
		stringText:  {"", "-", "+", ".", "1-2", "64-78", "1_000", "yes", "no", "tRue", "0x", "0b1", "1.2.3", "e", "--1", "1e", "5s", "inf", "nan", "0xg", "1 2"},
	} {
		for _, s := range texts {
			if got := classify(s); got != kind {
				t.Errorf("%q is %d, want %d", s, got, kind)
			}
		}
	}
}

func TestNearest(t *testing.T) {
	words := []string{"command", "livenessProbe", "readinessProbe", "nice", "env"}
	for s, want := range map[string]string{
		"comand": "command", "Command": "command", "livenessprobe": "livenessProbe", "livnessProb": "livenessProbe", "ncie": "nice",
		"envs": "env", "x": "", "completely": "", "COMMAND": "command", "": "",
	} {
		if got := nearest(s, words); got != want {
			t.Errorf("%q: %q, want %q", s, got, want)
		}
	}
}
