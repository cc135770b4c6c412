package engine

import (
	"math"
	"time"
)

// delay is the wait before the next start: none after the first failure, then Initial·Factor^n up to Max, ± Jitter.
func (s *Service) delay(p *Program) time.Duration {
	b := p.Def.Backoff
	if p.Failures <= 1 || b.Initial <= 0 {
		return 0
	}
	d := float64(b.Initial) * math.Pow(b.Factor, float64(p.Failures-2))
	d = min(d, float64(b.Max)) // also when Pow overflowed to infinity
	d *= 1 + b.Jitter*(2*s.random()-1)
	return time.Duration(d)
}

// random gives a number in [0,1) (splitmix64: the state is one word, so a snapshot could hold it).
func (s *Service) random() float64 {
	s.rng += 0x9e3779b97f4a7c15
	z := s.rng
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	z ^= z >> 31
	return float64(z>>11) / (1 << 53)
}
