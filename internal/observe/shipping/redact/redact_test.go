package redact

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func all(t testing.TB) (rules []Rule) {
	t.Helper()
	for _, name := range Names() {
		r, ok := Known(name)
		if !ok {
			t.Fatal(name)
		}
		rules = append(rules, r)
	}
	return rules
}

// TestKnown: each name takes out what it is for, and leaves what looks like it.
func TestKnown(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"password", `login user=bob password=hunter2, ok`, `login user=bob password=***, ok`},
		{"password", `{"user":"bob","password":"hun\"ter 2","x":1}`, `{"user":"bob","password":***,"x":1}`},
		{"password", `POST /login?pwd=a%20b&user=bob`, `POST /login?pwd=***&user=bob`},
		{"password", `API_KEY: 'a b' apikey=k1 secret = s`, `API_KEY: *** apikey=*** secret = ***`},
		{"password", `the password is wrong`, `the password is wrong`},
		{"authorization", `Authorization: Bearer abcdef.123456== x`, `Authorization: Bearer *** x`},
		{"authorization", `a bearer of news`, `a bearer of news`},
		{"urlPassword", `postgres://app:s3cr3t@db:5432/shop`, `postgres://app:***@db:5432/shop`},
		{"urlPassword", `http://db:5432/shop`, `http://db:5432/shop`},
		{"jwt", `got eyJhbGciOi.eyJzdWIiOi.c2ln!`, `got ***!`},
		{"privateKey", "key -----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----\nafter", "key ***\nafter"},
		{"privateKey", "-----BEGIN PRIVATE KEY-----\nMIIE", "***"},
		{"email", `mail to bob.smith+x@example.co.uk.`, `mail to ***.`},
		{"email", `user@host`, `user@host`},
		{"cardNumber", `card 4111 1111 1111 1111, order 4111 1111 1111 1112`, `card ***, order 4111 1111 1111 1112`},
		{"cardNumber", `12:00:05 4111 1111 1111 1111 120 EUR`, `12:00:05 *** 120 EUR`},
		{"cardNumber", `2026 4111111111111111 7 3782 822463 10005-12`, `2026 *** 7 ***-12`},
		{"cardNumber", `1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17`, `1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17`},
		{"password", `{"msg":"got {\"password\":\"hun\\\"ter 2\",\"x\":1}"}`, `{"msg":"got {\"password\":***,\"x\":1}"}`},
		{"password", `cut off: password="hunter 2`, `cut off: password=***`},
		{"urlPassword", `redis://:p@ss@db:6379, http://db/a@b`, `redis://:***@db:6379, http://db/a@b`},
		{"cardNumber", `5500005555555559 and 378282246310005`, `*** and ***`},
	} {
		unasked, _ := Known(c.name)
		unasked.may = nil
		whole := string(Apply([]Rule{unasked}, []byte(c.text)))
		r, ok := Known(c.name)
		if got := string(Apply([]Rule{r}, []byte(c.text))); got != whole {
			t.Errorf("%s: %q became %q, and %q when it isn't asked whether it may match", c.name, c.text, got, whole)
		}
		if got := string(Apply([]Rule{r}, []byte(c.text))); !ok || got != c.want {
			t.Errorf("%s: %q became %q, want %q", c.name, c.text, got, c.want)
		}
	}
	if _, ok := Known("nothing"); ok {
		t.Error("there is a pattern called nothing")
	}
}

func TestPattern(t *testing.T) {
	r, err := Pattern(`customer (\d)\d+`, "customer $1…")
	if err != nil {
		t.Fatal(err)
	}
	if got := string(Apply([]Rule{r}, []byte("customer 123, customer 456"))); got != "customer 1…, customer 4…" {
		t.Error(got)
	}
	if _, err := Pattern("(", ""); err == nil {
		t.Error("( is taken")
	}
}

// FuzzApply: texts stay UTF-8, and nothing of a password stays.
func FuzzApply(f *testing.F) {
	f.Add("user bob", "hunter2")
	rules := all(f)
	f.Fuzz(func(t *testing.T, before, secret string) {
		if !utf8.ValidString(before) {
			return
		}
		for _, c := range secret {
			if c < '0' || c > 'z' || strings.ContainsRune(`;'"&,]`, c) {
				return
			}
		}
		if len(secret) < 3 || strings.Contains(before, secret) || strings.Contains(Mask+"password=", secret) {
			return
		}
		got := string(Apply(rules, []byte(before+" password="+secret+" "+before)))
		if !utf8.ValidString(got) || strings.Contains(got, secret) && !strings.Contains(before, "PRIVATE") {
			t.Errorf("%q", got)
		}
	})
}

func BenchmarkApply(b *testing.B) {
	rules := all(b)
	line := []byte("2026-11-28T10:00:00.123Z INFO request done method=GET path=/orders/7 status=200 duration=12ms id=" + strings.Repeat("a", 30))
	b.SetBytes(int64(len(line)))
	for b.Loop() {
		Apply(rules, line)
	}
}
