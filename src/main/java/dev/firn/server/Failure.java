package dev.firn.server;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.exc.UnrecognizedPropertyException;
import dev.firn.base.DiskErrors;
import dev.firn.base.ErrorKind;
import dev.firn.base.FirnException;
import dev.firn.store.CorruptDataException;
import dev.firn.store.NewerFormatException;
import dev.firn.store.NoSpaceException;
import dev.firn.store.StoreFailedException;
import dev.firn.vfs.ErrnoException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.util.Locale;

/**
 * A failure as the API tells it: a kind that decides status and exit status, and one line.
 *
 * @param expected whether it was meant for the user; anything else belongs in the log as well
 */
public record Failure(ErrorKind kind, String message, boolean expected) {
  /** What to tell of {@code thrown}; its message never spans lines. */
  public static Failure of(Throwable thrown) {
    Failure failure = classify(thrown);
    return new Failure(
        failure.kind, failure.message.replaceAll("\\s*\\R\\s*", " "), failure.expected);
  }

  /** The HTTP status that fits the kind. */
  int httpStatus() {
    return switch (kind) {
      case USAGE -> 400;
      case NOT_PERMITTED -> 403;
      case NOT_FOUND -> 404;
      case CONFLICT -> 409;
      case CORRUPT -> 422;
      case FAILED -> 500;
      case NO_SPACE -> 507;
    };
  }

  private static Failure classify(Throwable thrown) {
    for (Throwable cause = thrown; cause != null; cause = cause.getCause()) {
      if (cause instanceof FirnException told) {
        return new Failure(told.kind(), told.getMessage(), true);
      }
    }
    for (Throwable cause = thrown; cause != null; cause = cause.getCause()) {
      if (cause instanceof StoreFailedException) {
        boolean full = DiskErrors.saysFull(cause.getMessage());
        return new Failure(full ? ErrorKind.NO_SPACE : ErrorKind.FAILED, cause.getMessage(), true);
      }
      if (cause instanceof NoSpaceException) {
        return new Failure(
            ErrorKind.NO_SPACE, cause.getMessage() + "; free some space and try again", true);
      }
      if (cause instanceof NewerFormatException) {
        return new Failure(ErrorKind.FAILED, cause.getMessage(), true);
      }
      if (cause instanceof CorruptDataException) {
        return new Failure(ErrorKind.CORRUPT, String.valueOf(thrown.getMessage()), false);
      }
    }
    if (thrown instanceof UncheckedIOException wrapped) {
      return classify(wrapped.getCause());
    }
    if (thrown instanceof JsonProcessingException json) {
      return new Failure(ErrorKind.USAGE, "malformed request: " + describe(json), true);
    }
    if (thrown instanceof FileSystemException file) {
      return ofFile(file);
    }
    if (thrown instanceof ErrnoException || thrown instanceof IOException) {
      return ofMessage(String.valueOf(thrown.getMessage()));
    }
    return new Failure(
        ErrorKind.FAILED,
        String.format(
            Locale.ROOT,
            "internal error: %s: %s; the daemon's log has the details",
            thrown.getClass().getSimpleName(),
            thrown.getMessage()),
        false);
  }

  private static Failure ofFile(FileSystemException thrown) {
    String file = thrown.getFile();
    if (thrown instanceof NoSuchFileException) {
      return new Failure(ErrorKind.NOT_FOUND, "there is no file '" + file + "'", true);
    }
    if (thrown instanceof AccessDeniedException) {
      return new Failure(
          ErrorKind.NOT_PERMITTED, "'" + file + "' is not accessible: permission denied", true);
    }
    if (thrown instanceof FileAlreadyExistsException) {
      return new Failure(ErrorKind.CONFLICT, "'" + file + "' exists already", true);
    }
    return ofMessage(thrown.getMessage());
  }

  private static Failure ofMessage(String message) {
    if (DiskErrors.saysFull(message)) {
      return new Failure(ErrorKind.NO_SPACE, message + "; free some space and try again", true);
    }
    return new Failure(ErrorKind.FAILED, "input/output error: " + message, false);
  }

  private static String describe(JsonProcessingException thrown) {
    if (thrown instanceof UnrecognizedPropertyException unknown) {
      return String.format(
          "unknown parameter '%s'; known are %s",
          unknown.getPropertyName(), unknown.getKnownPropertyIds());
    }
    return thrown.getOriginalMessage();
  }
}
