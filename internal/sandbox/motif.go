package sandbox

import "math"

// motifs are the shapes prints are made of, each around the origin with a reach of about 1.
var motifs = buildMotifs()

// polar draws a closed curve whose distance from the middle is f.
func polar(n int, f func(t float64) float64) []point {
	out := make([]point, n)
	for i := range out {
		t := 2 * math.Pi * float64(i) / float64(n)
		r := f(t)
		out[i] = point{r * math.Sin(t), -r * math.Cos(t)}
	}
	return out
}

func corners(xy ...float64) []point {
	out := make([]point, 0, len(xy)/2)
	for i := 0; i+1 < len(xy); i += 2 {
		out = append(out, point{xy[i], xy[i+1]})
	}
	return out
}

func buildMotifs() [][]point {
	heart := make([]point, 24)
	for i := range heart {
		t := 2 * math.Pi * float64(i) / 24
		s := math.Sin(t)
		heart[i] = point{s * s * s, -(13*math.Cos(t) - 5*math.Cos(2*t) - 2*math.Cos(3*t) - math.Cos(4*t)) / 16}
	}
	spikes := func(n int, inner float64) []point {
		out := make([]point, 2*n)
		for i := range out {
			r := 1.0
			if i%2 == 1 {
				r = inner
			}
			sin, cos := math.Sincos(math.Pi * float64(i) / float64(n))
			out[i] = point{r * sin, -r * cos}
		}
		return out
	}
	return [][]point{
		polar(20, func(float64) float64 { return 0.9 }),
		spikes(5, 0.42),
		heart,
		corners(0, -1, 0.95, 0.75, -0.95, 0.75),
		corners(-0.8, -0.8, 0.8, -0.8, 0.8, 0.8, -0.8, 0.8),
		corners(0, -1.1, 0.7, 0, 0, 1.1, -0.7, 0),
		corners(-0.3, -1, 0.3, -1, 0.3, -0.3, 1, -0.3, 1, 0.3, 0.3, 0.3, 0.3, 1, -0.3, 1, -0.3, 0.3, -1, 0.3, -1, -0.3, -0.3, -0.3),
		polar(40, func(t float64) float64 { return 0.72 + 0.28*math.Cos(5*t) }),
		polar(36, func(t float64) float64 { return 0.62 + 0.38*math.Cos(3*t) }),
		smooth(corners(0, -1.1, 0.55, -0.3, 0.5, 0.5, 0, 1.1, -0.5, 0.5, -0.55, -0.3), true, 4), // leaf
		smooth(corners(-0.3, -1, 0.4, -0.8, 0.85, 0, 0.4, 0.8, -0.3, 1, 0.25, 0.5, 0.4, 0, 0.25, -0.5), true, 4),
		corners(0.25, -1.1, -0.6, 0.15, -0.05, 0.15, -0.25, 1.1, 0.6, -0.2, 0.05, -0.2), // bolt
		corners(-1, -0.3, 0.2, -0.3, 0.2, -0.8, 1, 0, 0.2, 0.8, 0.2, 0.3, -1, 0.3),
		smooth(corners(-1, 0.3, -0.9, -0.2, -0.45, -0.3, -0.1, -0.75, 0.45, -0.6, 0.6, -0.15, 1, 0, 0.95, 0.4, 0, 0.5), true, 4), // cloud
		smooth(corners(0, -1.1, 0.35, -0.35, 0.65, 0.3, 0.35, 0.9, -0.35, 0.9, -0.65, 0.3, -0.35, -0.35), true, 4),
		corners(-0.8, -1, -0.35, -1, -0.35, 0.55, 0.8, 0.55, 0.8, 1, -0.8, 1),                                                  // L
		corners(-0.9, -1, 0.9, -1, 0.9, -0.5, 0.25, -0.5, 0.25, 1, -0.25, 1, -0.25, -0.5, -0.9, -0.5),                          // T
		corners(-0.8, -1, -0.35, -1, 0.35, 0.2, 0.35, -1, 0.8, -1, 0.8, 1, 0.35, 1, -0.35, -0.2, -0.35, 1, -0.8, 1),            // N
		corners(-1, 0.7, -1, -0.6, -0.5, 0, 0, -0.8, 0.5, 0, 1, -0.6, 1, 0.7),                                                  // crown
		corners(-0.9, -1, -0.45, -0.55, 0.45, -0.55, 0.9, -1, 0.95, 0.2, 0.5, 0.85, -0.5, 0.85, -0.95, 0.2),                    // cat
		smooth(corners(-1.1, -0.5, -0.6, 0, 0, -0.5, 0.7, -0.35, 1.1, 0, 0.7, 0.35, 0, 0.5, -0.6, 0, -1.1, 0.5), true, 3),      // fish
		corners(-1, -0.25, 1, -0.25, 1, 0.25, -1, 0.25),                                                                        // bar
		smooth(corners(-1, -0.2, -0.5, -0.5, 0, -0.2, 0.5, 0.1, 1, -0.2, 1, 0.3, 0.5, 0.6, 0, 0.3, -0.5, 0, -1, 0.3), true, 3), // wave
		spikes(8, 0.6),
		spikes(4, 0.3),
		polar(6, func(float64) float64 { return 0.95 }),
		smooth(corners(-0.7, -0.2, -0.85, -0.9, -0.3, -0.6, 0.3, -0.6, 0.85, -0.9, 0.7, -0.2, 0.75, 0.5, 0, 0.9, -0.75, 0.5), true, 4), // bear
		corners(-1, -0.8, 0, -0.2, 1, -0.8, 1, -0.1, 0, 0.6, -1, -0.1),                                                                 // chevron
	}
}
