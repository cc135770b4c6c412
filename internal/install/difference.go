package install

import "strings"

// maxDifference bounds the lines that are compared: the time grows with their product.
const maxDifference = 2000

// difference gives the lines that go, with "-" before them, and those that come, with "+", in order. Lines that stay aren't in it.
func difference(from, to string) []string {
	a, b := strings.Split(from, "\n"), strings.Split(to, "\n")
	if len(a) > maxDifference || len(b) > maxDifference {
		return []string{"- too long to be compared"}
	}
	common := commonLines(a, b)
	var out []string
	i, j := 0, 0
	for i < len(a) || j < len(b) {
		switch {
		case i < len(a) && j < len(b) && a[i] == b[j]:
			i, j = i+1, j+1
		case j == len(b) || i < len(a) && common[i+1][j] >= common[i][j+1]:
			out = append(out, "- "+a[i])
			i++
		default:
			out = append(out, "+ "+b[j])
			j++
		}
	}
	return out
}

// commonLines gives for each i and j how many lines a[i:] and b[j:] have in common, in order.
func commonLines(a, b []string) [][]int {
	n := make([][]int, len(a)+1)
	for i := range n {
		n[i] = make([]int, len(b)+1)
	}
	for i := len(a) - 1; i >= 0; i-- {
		for j := len(b) - 1; j >= 0; j-- {
			if a[i] == b[j] {
				n[i][j] = n[i+1][j+1] + 1
			} else {
				n[i][j] = max(n[i+1][j], n[i][j+1])
			}
		}
	}
	return n
}
