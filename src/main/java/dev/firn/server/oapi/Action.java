package dev.firn.server.oapi;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;

/**
 * One action of the API.
 *
 * @param proof with what callers prove who they are
 */
record Action(String name, Shape parameters, Proof proof, Handler handler) {
  /** How a caller proves who it is. */
  enum Proof {
    NONE,
    SIGNATURE,
    SIGNATURE_OR_PASSWORD
  }

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

  /** One that anybody may call. */
  static Action open(String name, Shape parameters, Handler handler) {
    return new Action(name, parameters, Proof.NONE, handler);
  }

  /** One that may be called with an email and a password as well. */
  static Action signedOrByPassword(String name, Shape parameters, Handler handler) {
    return new Action(name, parameters, Proof.SIGNATURE_OR_PASSWORD, handler);
  }

  static Action signed(String name, Shape parameters, Handler handler) {
    return new Action(name, parameters, Proof.SIGNATURE, handler);
  }
}
