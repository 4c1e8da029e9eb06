package dev.firn.server;

import dev.firn.base.FirnException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The table of what an API can do. Each action has a name, a record class whose components are its
 * parameters, and a handler that answers a value to be written as JSON. Handlers run concurrently
 * and may block. Fill the table before serving; it is not safe for concurrent change.
 */
public final class Actions {
  private final Map<String, Action<?>> table = new LinkedHashMap<>();

  /** For an action that is quick: one object in, one object out. */
  @FunctionalInterface
  public interface Answer<P> {
    Object handle(P parameters) throws IOException;
  }

  /** For long work, and for results that should not be held in memory. */
  @FunctionalInterface
  public interface Work<P> {
    Object handle(P parameters, Events events) throws IOException;
  }

  /** For bytes to the client. The handler neither closes nor keeps the stream. */
  @FunctionalInterface
  public interface Download<P> {
    Object handle(P parameters, OutputStream output) throws IOException;
  }

  /** For bytes from the client. The handler neither closes nor keeps the stream. */
  @FunctionalInterface
  public interface Upload<P> {
    Object handle(P parameters, InputStream input, Events events) throws IOException;
  }

  record Action<P extends Record>(Class<P> parameters, Object handler) {}

  public <P extends Record> Actions answer(String name, Class<P> parameters, Answer<P> handler) {
    return add(name, new Action<>(parameters, handler));
  }

  public <P extends Record> Actions work(String name, Class<P> parameters, Work<P> handler) {
    return add(name, new Action<>(parameters, handler));
  }

  public <P extends Record> Actions download(
      String name, Class<P> parameters, Download<P> handler) {
    return add(name, new Action<>(parameters, handler));
  }

  public <P extends Record> Actions upload(String name, Class<P> parameters, Upload<P> handler) {
    return add(name, new Action<>(parameters, handler));
  }

  /** For the parameters' constructors: fails with USAGE when a value is missing. */
  public static <T> T required(String parameter, T value) {
    if (value == null) {
      throw FirnException.usage("the parameter '%s' is missing", parameter);
    }
    return value;
  }

  Action<?> find(String name) {
    Action<?> action = table.get(name);
    if (action == null) {
      throw FirnException.notFound("there is no action '%s' in this version", name);
    }
    return action;
  }

  private Actions add(String name, Action<?> action) {
    if (table.putIfAbsent(name, action) != null) {
      throw new IllegalArgumentException("action " + name + " is registered twice");
    }
    return this;
  }
}
