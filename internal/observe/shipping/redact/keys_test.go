package redact

import (
	"strings"
	"testing"
)

// TestKeyInLines: each line of a private key is a text of its own, and nothing of its body is left; other lines stay.
func TestKeyInLines(t *testing.T) {
	rule, _ := Known("privateKey")
	body := strings.Repeat("MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7VJTUt9Us8cKj", 1)
	for _, c := range []struct{ name, text, want string }{
		{"alone", "before\n-----BEGIN PRIVATE KEY-----\n" + body + "\n" + body + "\nQw==\n-----END PRIVATE KEY-----\nafter " + body, "before\n***\n***\n***\n***\n***\nafter " + body},
		{"with other lines in it", "-----BEGIN RSA PRIVATE KEY-----\n" + body + "\nGET /orders 200\n" + body + "\n-----END RSA PRIVATE KEY-----\nOK",
			"***\n***\nGET /orders 200\n***\n***\nOK"},
		{"behind times", "10:00 key: -----BEGIN EC PRIVATE KEY-----\n10:00 " + body + "\n10:00 -----END EC PRIVATE KEY-----\nOK", "10:00 key: ***\n10:00 ***\n10:00 ***\nOK"},
		{"encrypted", "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,00FF\n\n" + body + "\n-----END RSA PRIVATE KEY-----\nOK",
			"***\n***\n***\n\n***\n***\nOK"},
		{"a word of one", "no -----BEGIN PRIVATE KEY----- was found\nOK", "no ***\nOK"},
		{"slog's text", "level=INFO msg=\"-----BEGIN PRIVATE KEY-----\"\nlevel=INFO msg=" + body + "\nOK\nlevel=INFO msg=\"" + body + "==\"\n" +
			"level=INFO msg=\"-----END PRIVATE KEY-----\"\n" + body, "level=INFO msg=\"***\nlevel=INFO msg=***\nOK\nlevel=INFO msg=\"***\"\nlevel=INFO msg=\"***\"\n" + body},
		{"JSON", `{"msg":"-----BEGIN PRIVATE KEY-----","time":1}` + "\n" + `{"msg":"` + body + `","time":1}` + "\n" + `{"msg":"-----END PRIVATE KEY-----"}` + "\nOK",
			`{"msg":"***` + "\n" + `{"msg":"***","time":1}` + "\n" + `{"msg":"***"}` + "\nOK"},
		{"JSON of PHP", `{"msg":"-----BEGIN PRIVATE KEY-----"}` + "\n" + `{"msg":"` + body[:20] + `\/` + body[20:40] + `\/` + body[40:] + `"}` + "\n" + `{"msg":"-----END PRIVATE KEY-----"}`,
			`{"msg":"***` + "\n" + `{"msg":"***"}` + "\n" + `{"msg":"***"}`},
		{"sh -x", "+ echo '-----BEGIN PRIVATE KEY-----'\n+ echo " + body + "\n+ echo '-----END PRIVATE KEY-----'\nOK", "+ echo '***\n+ echo ***\n+ echo '***'\nOK"},
		{"another one behind its end", "-----BEGIN PRIVATE KEY-----\n" + body + "\n-----END PRIVATE KEY----- -----BEGIN PRIVATE KEY-----\n" + body + "\n-----END PRIVATE KEY-----\nOK",
			"***\n***\n*** ***\n***\n***\nOK"},
	} {
		var lines Lines
		var got []string
		for line := range strings.SplitSeq(c.text, "\n") {
			got = append(got, string(lines.Apply([]Rule{rule}, []byte(line))))
		}
		if text := strings.Join(got, "\n"); text != c.want || lines != 0 && (lines > 0 || c.name != "a word of one") {
			t.Errorf("%s: %q, want %q; %d", c.name, text, c.want, lines)
		}
	}
}

// TestKeyWithoutEnd: what is no key, or lost its end, hides no more than a key has.
func TestKeyWithoutEnd(t *testing.T) {
	rule, _ := Known("privateKey")
	var lines Lines
	lines.Apply([]Rule{rule}, []byte("-----BEGIN PRIVATE KEY-----"))
	for range mostKeyLines {
		if got := string(lines.Apply([]Rule{rule}, []byte("word"))); got != Mask {
			t.Fatal(got)
		}
	}
	if got := string(lines.Apply([]Rule{rule}, []byte("word"))); got != "word" {
		t.Error(got)
	}
}

// TestKeyAfterOneWithoutEnd: a key that begins behind one that lost its end is taken out as a whole, however much of the first could be left.
func TestKeyAfterOneWithoutEnd(t *testing.T) {
	rule, _ := Known("privateKey")
	sure, unsure := "-----BEGIN PRIVATE KEY-----", `msg="-----BEGIN PRIVATE KEY-----"`
	body := strings.Repeat("MIIEvQIBADANBgkqhkiG9w0BAQEFAASC", 2)
	for _, c := range [][2]string{{sure, sure}, {sure, unsure}, {unsure, sure}, {unsure, unsure}} {
		var lines Lines
		lines.Apply([]Rule{rule}, []byte(c[0]))
		for range mostKeyLines - 2 {
			lines.Apply([]Rule{rule}, []byte("OK"))
		}
		lines.Apply([]Rule{rule}, []byte(c[1]))
		for i := range mostKeyLines {
			if got := string(lines.Apply([]Rule{rule}, []byte("x "+body))); got != "x "+Mask {
				t.Errorf("%q: line %d is %q", c, i, got)
				break
			}
		}
		if got := string(lines.Apply([]Rule{rule}, []byte(body))); got != body || lines != 0 {
			t.Errorf("%q: behind it %q, %d", c, got, lines)
		}
	}
}

// TestKeyCutInRecords: a record of several lines ends within a key, and the next one goes on with it.
func TestKeyCutInRecords(t *testing.T) {
	rule, _ := Known("privateKey")
	var lines Lines
	got := string(lines.Apply([]Rule{rule}, []byte("a\n-----BEGIN PRIVATE KEY-----\nMIIE"))) + "|" +
		string(lines.Apply([]Rule{rule}, []byte("Qw==\nMIIE\n-----END PRIVATE KEY-----\nMIIE")))
	if want := "a\n***|***\n***\n***\nMIIE"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}
