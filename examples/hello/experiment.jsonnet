// Three trials, each greeting in its own container.
[{
  name: 'hello-' + who,
  image: 'combu-example/busybox:1',
  cmd: ['sh', '-c', 'echo "Hello, $WHO" && echo "{\\"length\\": ${#WHO}}" > $COMBU_RESULTS/hello.json'],
  env: { WHO: who },
  params: { who: who },
} for who in ['Ada', 'Grace', 'Hedy']]
