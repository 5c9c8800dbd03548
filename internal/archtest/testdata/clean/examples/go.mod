module github.com/tocsin-dev/tocsin/examples

go 1.26.0
