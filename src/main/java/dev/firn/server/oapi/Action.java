package dev.firn.server.oapi;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;

/**
 * One action of the API.
 *
 * @param signed whether a request must be signed
 */
record Action(String name, Shape parameters, boolean signed, Handler handler) {
  /** Looks whether a call can be done: what it names exists, and the caller may do it. */
  @FunctionalInterface
  interface Handler {
    Plan plan(Call call) throws IOException;
  }

  /** Does what was planned. A dry run ends before. */
  @FunctionalInterface
  interface Plan {
    ObjectNode run() throws IOException;
  }

  /** The parameters of an action, as far as all have them. */
  static Shape.Fields common() {
    return Shape.object().optional("DryRun", Shape.bool());
  }

  static Action signed(String name, Shape parameters, Handler handler) {
    return new Action(name, parameters, true, handler);
  }
}
