package cli

import (
	"bytes"
	"strings"
	"testing"
)

// A definition may hold secrets: nobody sees one on a screen by mistake.
func TestImportRefusesTerminal(t *testing.T) {
	inFolder(t, map[string]string{"shop.reg": shopReg})
	_, tty := terminal(t)
	var errs bytes.Buffer
	code := Main([]string{"import", "nssm", "shop.reg", "-o", "-"}, IO{In: strings.NewReader(""), Out: tty, Err: &errs})
	if code != ExitUsage || !strings.Contains(errs.String(), "give -o FILE") {
		t.Errorf("%d %s", code, errs.String())
	}
}
