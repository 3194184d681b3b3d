/** Lets node find what the page imports from `/client/`, which the server serves from `Web/socket.io/`. */

import { register } from 'node:module';

const folder = new URL('../socket.io/', import.meta.url).href;

register(
  `data:text/javascript,${encodeURIComponent(`
    export function resolve(specifier, context, next) {
      return next(specifier.replace(/^\\/client\\//, ${JSON.stringify(folder)}), context);
    }
  `)}`,
);
