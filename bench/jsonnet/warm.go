// Evaluates a file again and again in one process, as combu's side of the comparison does: prints the milliseconds of
// each round, the reading and parsing of the file included.
package main

import (
	"fmt"
	"os"
	"strconv"
	"time"

	"github.com/google/go-jsonnet"
)

func main() {
	rounds, _ := strconv.Atoi(os.Args[2])
	for i := 0; i < rounds; i++ {
		began := time.Now()
		vm := jsonnet.MakeVM()
		if _, err := vm.EvaluateFile(os.Args[1]); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		fmt.Println(float64(time.Since(began).Microseconds()) / 1000)
	}
}
