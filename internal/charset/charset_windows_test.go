package charset

import "testing"

// TestCodePages: the machine's code pages have a name that is known, and pages that only Windows knows are decoded by it.
func TestCodePages(t *testing.T) {
	for _, name := range []string{OEM, ANSI} {
		got, err := Resolve(name)
		if err != nil || Check(got) != nil {
			t.Errorf("%s is %q, %v, %v", name, got, err, Check(got))
			continue
		}
		if _, err := New(got); err != nil {
			t.Error(err)
		}
		t.Logf("%s: %s", name, got)
	}
	if find("cp857") != nil {
		t.Error("cp857 is known without Windows: take another for this test")
	}
	d, err := New("cp857")
	if err != nil {
		t.Fatal(err)
	}
	if got := string(d.Decode([]byte("Stra\xe1e \x98"))); got != "Straße İ" {
		t.Errorf("%q", got)
	}
}
