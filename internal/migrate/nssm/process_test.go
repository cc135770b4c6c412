package nssm

import "testing"

func TestProcessors(t *testing.T) {
	for list, want := range map[string]string{
		"0": "[0]", "0-2,4": "[0, 1, 2, 4]", "4,0-2, 1": "[0, 1, 2, 4]", "63": "[63]", "0 - 1": "[0, 1]",
		"64": "", "3-1": "", "a": "", "1,": "", "-1": "", "0-64": "",
	} {
		got, ok := processors(list)
		if got != want || ok != (want != "") {
			t.Errorf("%s: %q %v, want %q", list, got, ok, want)
		}
	}
}
