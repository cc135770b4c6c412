package definition

import (
	"fmt"
	"strings"
	"testing"
)

// many is a definition of n programs, small ones or ones with every field of the design's example.
func many(n int, full bool) string {
	var b strings.Builder
	b.WriteString("name: shop\nprograms:\n")
	for i := range n {
		fmt.Fprintf(&b, "  p%d:\n    command: [sleep, \"1000\"]\n    livenessProbe: {tcpSocket: {port: 80}}\n", i)
		if full {
			b.WriteString(`    env: {LOG_LEVEL: info}
    backoff: {initialSeconds: 0.5, factor: 2, maxSeconds: 60, jitter: 0.25, resetAfterSeconds: 60}
    exitCodes: {0: stop, 3: restart, 64-78: giveUp}
    maxRestarts: {count: 8, withinSeconds: 600, then: giveUp}
    startupProbe: {httpGet: {path: /health, port: 8080}, periodSeconds: 1, failureThreshold: 30}
    readinessProbe: {httpGet: {path: /health, port: 8080}, initialDelaySeconds: 30, periodSeconds: 10, failureThreshold: 3}
    lifecycle:
      preStop: {httpGet: {path: /drain, port: 8080}}
      stopSignal: SIGTERM
    terminationGracePeriodSeconds: 30
    resources: {limits: {memory: 512Mi, cpu: "1.5"}}
    logs: {format: text, maxSize: 10Mi, maxFiles: 10, compress: true}
`)
		}
	}
	return b.String()
}

func BenchmarkParse(b *testing.B) {
	for _, n := range []int{2, 500, 5000} {
		for _, full := range []bool{false, true} {
			src := []byte(many(n, full))
			b.Run(fmt.Sprintf("programs=%d/full=%v", n, full), func(b *testing.B) {
				b.SetBytes(int64(len(src)))
				b.ReportAllocs()
				for b.Loop() {
					if _, err := Parse(src, "daruma.yaml", nil); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}
