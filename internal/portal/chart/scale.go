package chart

import "math"

// scale is a vertical axis from 0 to the last tick.
type scale struct{ ticks []float64 }

// scaleOf returns an axis that holds a value, with about four round ticks. Counts has
// no ticks between whole numbers.
func scaleOf(most float64, counts bool) scale {
	const wanted = 4
	if most <= 0 || math.IsNaN(most) || math.IsInf(most, 0) {
		most = 1
	}
	magnitude := math.Pow(10, math.Floor(math.Log10(most/wanted)))
	step := magnitude * 10
	for _, factor := range []float64{1, 2, 5} {
		if most/(magnitude*factor) <= wanted {
			step = magnitude * factor
			break
		}
	}
	if counts {
		step = math.Max(step, 1)
	}
	s := scale{}
	for at := 0; ; at++ {
		tick := float64(at) * step
		s.ticks = append(s.ticks, tick)
		if tick >= most {
			return s
		}
	}
}

// top is the end of the axis.
func (s scale) top() float64 { return s.ticks[len(s.ticks)-1] }
