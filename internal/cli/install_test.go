package cli

import (
	"strings"
	"testing"
)

func TestInstallArguments(t *testing.T) {
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"install", "a", "b"}, "behind two hyphens: daruma install a -- b"},
		{[]string{"install", "a", "--"}, "daruma install a -- COMMAND"},
		{[]string{"install", "--", "x"}, "the service's name alone"},
		{[]string{"install", "a", "b", "--", "x"}, "the service's name alone"},
		{[]string{"install", "A_b", "--", "x"}, "is no name of a service"},
		{[]string{"install", "nowhere/daruma.yaml"}, "there is no such file"},
		{[]string{"uninstall"}, "accepts 1 arg"},
		{[]string{"uninstall", "a/b"}, "takes the name of a service"},
	} {
		var out, errOut strings.Builder
		if code := Main(c.args, IO{Out: &out, Err: &errOut}); code != ExitUsage || !strings.Contains(errOut.String(), c.want) {
			t.Errorf("%q: exit code %d, %q; want %q", c.args, code, errOut.String(), c.want)
		}
	}
}

func TestPasswords(t *testing.T) {
	for text, want := range map[string]string{"a b \r\nc": "a b ", "x": "x", "\ufeffx\n": "x", " \n": " "} {
		if got, err := firstLine(strings.NewReader(text)); err != nil || got != want {
			t.Errorf("%q gives %q, %v; want %q", text, got, err, want)
		}
	}
	for _, text := range []string{"", "\n", "\r\n", "\xff\xfes\x00e\x00\r\x00\n\x00", "gr\xfcn\n"} {
		if got, err := firstLine(strings.NewReader(text)); err == nil {
			t.Errorf("%q gives %q", text, got)
		}
	}
	std := IO{In: strings.NewReader("x\n"), Err: &strings.Builder{}}
	if password, err := (passwordFlags{}).read(std, "joe"); err == nil {
		t.Errorf("asked where there is no terminal, and got %q", password)
	}
	if password, err := (passwordFlags{env: "DARUMA_TEST_NO_SUCH_VARIABLE"}).read(std, "joe"); err == nil || !strings.Contains(err.Error(), "isn't set") {
		t.Errorf("from nowhere came %q, %v", password, err)
	}
}
