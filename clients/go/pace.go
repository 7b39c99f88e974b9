// SPDX-License-Identifier: Apache-2.0

package fsshare

import "time"

const (
	firstPause   = 20 * time.Millisecond
	longestPause = time.Second
)

// pace is how long to wait before each next try of a request: twice as long as
// before, up to a second. After a restart of fsshare many shims try at once, so
// each pause is cut by chance, by up to a half.
type pace struct {
	pause time.Duration
}

func newPace() *pace {
	return &pace{pause: firstPause}
}

// next returns the next pause, given a number from 0 to 1 at random.
func (p *pace) next(random float64) time.Duration {
	whole := p.pause
	p.pause *= 2
	if p.pause > longestPause {
		p.pause = longestPause
	}
	return time.Duration(float64(whole) * (1 - random/2))
}
