package archive

import (
	"cmp"
	"fmt"
	"regexp"
	"strings"
)

// CheckVersion says whether version is one of a release: numbers with dots, with or without a v, and then what else Semantic Versioning
// has: 1.4.0, v2.0.0-rc.1, 2026.11.28, 1.0.0+build.7. At most 64 characters. It becomes the name of a folder.
func CheckVersion(version string) error {
	form := regexp.MustCompile(`^v?[0-9]+(\.[0-9]+)*([-+_.][0-9A-Za-z]+)*$`)
	if len(version) > 64 || !form.MatchString(version) {
		return fmt.Errorf("%.80q is no version: write numbers with dots, such as 1.4.0, 2.0.0-rc.1 or 2026.11.28", version)
	}
	return nil
}

// CompareVersions gives -1 where a is older than b, 1 where it is newer, 0 where neither is: by the rules of Semantic Versioning 2.0.0
// (section 11), for any count of numbers. A number that is missing counts as 0, and what stands behind a plus sign doesn't count.
func CompareVersions(a, b string) int {
	aNumbers, aPre := splitVersion(a)
	bNumbers, bPre := splitVersion(b)
	for i := range max(len(aNumbers), len(bNumbers)) {
		if c := compareNumbers(at(aNumbers, i), at(bNumbers, i)); c != 0 {
			return c
		}
	}
	switch {
	case len(aPre) == 0 && len(bPre) == 0:
		return 0
	case len(aPre) == 0:
		return 1
	case len(bPre) == 0:
		return -1
	}
	for i := range min(len(aPre), len(bPre)) {
		if c := comparePre(aPre[i], bPre[i]); c != 0 {
			return c
		}
	}
	return cmp.Compare(len(aPre), len(bPre))
}

// splitVersion gives the numbers of a version, and the parts of what it is a candidate for.
func splitVersion(version string) (numbers, pre []string) {
	version, _, _ = strings.Cut(strings.TrimPrefix(version, "v"), "+")
	end := strings.IndexFunc(version, func(r rune) bool { return r != '.' && (r < '0' || r > '9') })
	if end < 0 {
		return strings.Split(version, "."), nil
	}
	for end > 0 && version[end-1] != '.' && version[end] != '-' && version[end] != '_' { // 1.0.rc1, 1.0.1b
		end--
	}
	split := func(r rune) bool { return r == '.' || r == '-' || r == '_' }
	return strings.FieldsFunc(version[:end], split), strings.FieldsFunc(version[end:], split)
}

func at(numbers []string, i int) string {
	if i < len(numbers) {
		return numbers[i]
	}
	return "0"
}

// compareNumbers compares numbers of any length.
func compareNumbers(a, b string) int {
	a, b = strings.TrimLeft(a, "0"), strings.TrimLeft(b, "0")
	return cmp.Or(cmp.Compare(len(a), len(b)), strings.Compare(a, b))
}

// comparePre: numbers are compared as numbers, and are older than words.
func comparePre(a, b string) int {
	aNumber, bNumber := strings.Trim(a, "0123456789") == "", strings.Trim(b, "0123456789") == ""
	switch {
	case aNumber && bNumber:
		return compareNumbers(a, b)
	case aNumber:
		return -1
	case bNumber:
		return 1
	}
	return strings.Compare(a, b)
}
